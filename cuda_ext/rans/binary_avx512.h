// Whole groups of binary symbols, sixteen lanes a register; equal to the scalar loops bit for bit.
#pragma once
#include "common/isa.h"
#include "rans/op.h"

#if PCC_X86
namespace pcc {

// Codes bits[begin, end), whole groups, from the last to the first; returns the new front of the words.
uint16_t* put_bits_avx512(const uint16_t* bits, size_t begin, size_t end, int lanes, uint32_t* states, uint16_t* front);

// Decodes the whole groups of a call and returns the number of symbols; stops with position > size when words are
// missing. Reads at most lanes + 16 words behind the position.
size_t get_bits_avx512(const uint16_t* p1, uint8_t* symbols, size_t count, int lanes, uint32_t* states,
                       const uint8_t* words, size_t size, size_t& position);

}  // namespace pcc
#endif
