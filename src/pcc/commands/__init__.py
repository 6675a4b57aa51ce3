"""What the commands of ``pcc`` do, one file each; ``pcc.cli`` declares their arguments and imports them when called."""
