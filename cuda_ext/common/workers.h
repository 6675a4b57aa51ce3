// Threads that help: share(i) for every i of 0..count - 1, each once, by the caller and by the workers that are free.
//
// Not OpenMP. GNU's library ends the process where a thread or a few bytes cannot be had and where an exception leaves a
// loop, and a child forked after the first loop waits for ever. Here the caller goes through the shares itself and the
// workers take some off it, so a worker that cannot be started costs time and nothing else; what a share throws arrives
// at the caller; a forked child starts workers of its own. Whoever waits sleeps (docs/decisions.md, section 10).
#pragma once

namespace pcc {

constexpr int kMaxThreads = 4096;

// Makes what the C++ runtime keeps of exceptions for this thread now, while there is memory: it ends the process where it
// has none for that when something is thrown.
void prepare_to_throw();

// The first exception that a share throws is thrown here, when all shares have ended. Shares must not wait for each other:
// one thread may run them all, in order.
void run_shares(int count, void (*share)(const void* body, int i), const void* body);

template <class Body> void for_shares(int count, const Body& body) {
  if (count == 1) return body(0);
  run_shares(count, [](const void* shared, int i) { (*static_cast<const Body*>(shared))(i); }, &body);
}

}  // namespace pcc
