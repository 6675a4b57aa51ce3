"""The kernels of the extension, one op a file: signature, shapes, dispatch and a slow reference in numpy.

``set_num_threads`` bounds the threads of every op (0: all, that is OMP_NUM_THREADS or the process's cores); ``set_isa``
lowers the instruction set, as the variable PCC_ISA (scalar, avx2, avx512) does from the start. Neither changes a single
bit of any integer result. Where a thread cannot be started, the others do its work; a forked child starts its own.
``keep_memory`` is for programs: the process keeps the memory that it frees, for what comes next
(cuda_ext/common/memory.cpp); it tells whether the C library can.
"""

from pcc._ext import available_isas, isa, keep_memory, num_threads, set_isa, set_num_threads

__all__ = ["available_isas", "isa", "keep_memory", "num_threads", "set_isa", "set_num_threads"]
