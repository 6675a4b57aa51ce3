// Marks bodies that a CUDA kernel shares with the CPU loop beside it.
#pragma once

#ifndef PCC_HD
#ifdef __CUDACC__
#define PCC_HD __host__ __device__ inline
#else
#define PCC_HD inline
#endif
#endif
