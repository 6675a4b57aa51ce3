"""The kernels of the extension, one op a file: signature, shapes, dispatch and a slow reference in numpy.

``set_num_threads`` bounds the OpenMP threads of every op (0: all); ``set_isa`` lowers the instruction set, as the
variable PCC_ISA (scalar, avx2, avx512) does from the start. Neither changes a single bit of any integer result.
``keep_memory`` is for programs: the process keeps the memory that it frees, for what comes next
(cuda_ext/common/memory.cpp); it tells whether the C library can.
"""

from pcc.ops._openmp import idle_threads_sleep

with idle_threads_sleep():
    from pcc._ext import available_isas, isa, keep_memory, num_threads, set_isa, set_num_threads

__all__ = ["available_isas", "isa", "keep_memory", "num_threads", "set_isa", "set_num_threads"]
