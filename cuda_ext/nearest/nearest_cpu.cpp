// Cells of 4^3 voxels, 64 bits each, in ascending order. Around a voxel 27 cells are looked up in a hash table; what lies
// outside is 5 voxels away at least. Where nothing nearer was found, the cells are searched from the whole cube down.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "common/ranges.h"
#include "morton/op.h"
#include "nearest/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 13;
constexpr int kCellBits = 2, kSide = 1 << kCellBits, kCellCells = 1 << (kMortonBits - kCellBits);
constexpr std::int64_t kOutside = kSide + 1;  // voxels, from one of a cell to what is not of the 27
constexpr std::uint64_t kLimit = std::uint64_t{1} << 3 * kMortonBits;

struct Place {
  std::int32_t x, y, z;
};

Place place_of(std::uint64_t code) {
  return {static_cast<std::int32_t>(gather_bits(code >> 2)), static_cast<std::int32_t>(gather_bits(code >> 1)),
          static_cast<std::int32_t>(gather_bits(code))};
}

struct Cell {
  std::uint64_t code, bits;
  std::int32_t first;  // row of its first voxel
  Place corner;
};

struct Found {
  std::int64_t squared = std::numeric_limits<std::int64_t>::max();
  std::int32_t row = -1;
};

std::int64_t square(std::int64_t v) { return v * v; }

// From a voxel to the nearest of a cube's.
std::int64_t squared_to_cube(const Place& at, const Place& corner, std::int32_t side) {
  const auto beyond = [side](std::int32_t v, std::int32_t low) {
    return square(std::max({low - v, v - low - side + 1, 0}));
  };
  return beyond(at.x, corner.x) + beyond(at.y, corner.y) + beyond(at.z, corner.z);
}

class Cells {
 public:
  bool fill(const std::uint64_t* codes, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i++) {
      if (codes[i] >= kLimit || (i && codes[i] <= codes[i - 1])) return false;
      const std::uint64_t code = codes[i] >> 3 * kCellBits;
      if (cells_.empty() || cells_.back().code != code) {
        const Place at = place_of(code);
        cells_.push_back({code, 0, static_cast<std::int32_t>(i), {at.x * kSide, at.y * kSide, at.z * kSide}});
      }
      cells_.back().bits |= std::uint64_t{1} << (codes[i] & 63);
    }
    slots_.assign(std::bit_ceil(2 * cells_.size()), -1);
    for (std::size_t i = 0; i < cells_.size(); i++) {
      std::size_t slot = slot_of(cells_[i].code);
      while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<std::int32_t>(i);
    }
    return true;
  }

  const Cell* find(std::uint64_t code) const {
    for (std::size_t slot = slot_of(code); slots_[slot] >= 0; slot = (slot + 1) & (slots_.size() - 1))
      if (cells_[slots_[slot]].code == code) return &cells_[slots_[slot]];
    return nullptr;
  }

  // Whatever is nearer than what was found, anywhere.
  void search(const Place& at, Found& found) const { search(at, 0, cells_.size(), found); }

 private:
  std::size_t slot_of(std::uint64_t code) const {
    return (code * 0x9e3779b97f4a7c15ull >> 20) & (slots_.size() - 1);
  }

  void search(const Place& at, std::size_t begin, std::size_t end, Found& found) const;

  std::vector<Cell> cells_;
  std::vector<std::int32_t> slots_;  // cells, or -1
};

std::int32_t row_of(const Cell& cell, int bit) {
  return cell.first + std::popcount(cell.bits & ((std::uint64_t{1} << bit) - 1));
}

void look(const Cell& cell, const Place& at, Found& found) {
  static constexpr auto kPlaces = [] {
    std::array<Place, 64> places{};
    for (int i = 0; i < 64; i++)
      places[i] = {(i >> 2 & 1) | (i >> 4 & 2), (i >> 1 & 1) | (i >> 3 & 2), (i & 1) | (i >> 2 & 2)};
    return places;
  }();
  for (std::uint64_t left = cell.bits; left; left &= left - 1) {
    const int bit = std::countr_zero(left);
    const Place& in = kPlaces[bit];
    const std::int64_t squared =
        square(cell.corner.x + in.x - at.x) + square(cell.corner.y + in.y - at.y) + square(cell.corner.z + in.z - at.z);
    if (squared < found.squared)
      found = {squared, row_of(cell, bit)};
  }
}

void Cells::search(const Place& at, std::size_t begin, std::size_t end, Found& found) const {
  constexpr std::size_t kFew = 4;
  if (end - begin <= kFew) {
    for (std::size_t i = begin; i < end; i++)
      if (squared_to_cube(at, cells_[i].corner, kSide) < found.squared) look(cells_[i], at, found);
    return;
  }
  // The smallest cube that holds them all, and its eight parts.
  const int level = (63 - std::countl_zero(cells_[begin].code ^ cells_[end - 1].code)) / 3;
  struct Part {
    std::int64_t squared;
    std::size_t begin, end;
  };
  std::array<Part, 8> parts;
  int count = 0;
  for (std::size_t i = begin; i < end;) {
    const std::uint64_t part = cells_[i].code >> 3 * level, next = (part + 1) << 3 * level;
    const auto stop = std::lower_bound(cells_.begin() + static_cast<std::ptrdiff_t>(i),
                                       cells_.begin() + static_cast<std::ptrdiff_t>(end), next,
                                       [](const Cell& cell, std::uint64_t code) { return cell.code < code; });
    const Place corner = place_of(part << (3 * level + 3 * kCellBits));
    const auto until = static_cast<std::size_t>(stop - cells_.begin());
    Part made{squared_to_cube(at, corner, kSide << level), i, until};
    int place = count++;
    for (; place && parts[place - 1].squared > made.squared; place--) parts[place] = parts[place - 1];
    parts[place] = made;
    i = until;
  }
  for (int i = 0; i < count && parts[i].squared < found.squared; i++) search(at, parts[i].begin, parts[i].end, found);
}

// A cell's surroundings, for all voxels of it that follow each other.
class Around {
 public:
  explicit Around(const Cells& cells) : cells_(cells) {}

  Found nearest(std::uint64_t code) {
    if (code >> 3 * kCellBits != code_) move(code >> 3 * kCellBits);
    if (here_ && here_->bits >> (code & 63) & 1) return {0, row_of(*here_, static_cast<int>(code & 63))};
    const Place at = place_of(code);
    Found found;
    for (int i = 0; i < count_; i++)
      if (squared_to_cube(at, near_[i]->corner, kSide) < found.squared) look(*near_[i], at, found);
    if (found.squared > square(kOutside)) cells_.search(at, found);
    return found;
  }

 private:
  void move(std::uint64_t code) {
    code_ = code;
    count_ = 0;
    here_ = cells_.find(code);
    const Place at = place_of(code);
    for (int far = 0; far <= 3; far++)  // the cell itself, then those that share a face, an edge, a corner
      for (int d = 0; d < 27; d++) {
        const int dx = d / 9 - 1, dy = d / 3 % 3 - 1, dz = d % 3 - 1;
        const std::int32_t x = at.x + dx, y = at.y + dy, z = at.z + dz;
        if (dx * dx + dy * dy + dz * dz != far || std::min({x, y, z}) < 0 || std::max({x, y, z}) >= kCellCells) continue;
        if (const Cell* cell = cells_.find(morton_encode(x, y, z))) near_[count_++] = cell;
      }
  }

  const Cells& cells_;
  std::uint64_t code_ = ~std::uint64_t{0};
  const Cell* here_ = nullptr;
  std::array<const Cell*, 27> near_{};
  int count_ = 0;
};

}  // namespace

bool nearest_cpu(const std::uint64_t* codes, std::int64_t n, const std::uint64_t* others, std::int64_t m, std::int32_t* rows,
                 std::int64_t* squared) {
  Cells cells;
  if (std::any_of(codes, codes + n, [](std::uint64_t code) { return code >= kLimit; }) || !cells.fill(others, m)) return false;
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    Around around(cells);
    for (std::int64_t i = begin; i < end; i++) {
      const Found found = around.nearest(codes[i]);
      rows[i] = found.row;
      squared[i] = found.squared;
    }
  });
  return true;
}

}  // namespace pcc
