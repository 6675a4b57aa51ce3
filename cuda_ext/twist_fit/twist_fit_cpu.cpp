#include "twist_fit/op.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "common/isa.h"
#include "common/ranges.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 10;
constexpr int kMaxSteps = 8;
constexpr double kClose = 1e-9;  // turns: some millionths of a voxel
constexpr double kTurn = 2 * std::numbers::pi;

struct Vector {
  double x, y, z;
};
Vector cross(const Vector& a, const Vector& b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }

// p turned by the vector a; series as in twist_map, exact enough for a radian.
Vector turned(const Vector& a, const Vector& p) {
  const double t = a.x * a.x + a.y * a.y + a.z * a.z;
  const double sine = 1 - t * (1.0 / 6) * (1 - t * (1.0 / 20) * (1 - t * (1.0 / 42) * (1 - t * (1.0 / 72))));
  const double cosine = 0.5 - t * (1.0 / 24) * (1 - t * (1.0 / 30) * (1 - t * (1.0 / 56) * (1 - t * (1.0 / 90))));
  const Vector c = cross(a, p), d = cross(a, c);
  return {p.x + sine * c.x + cosine * d.x, p.y + sine * c.y + cosine * d.y, p.z + sine * c.z + cosine * d.z};
}

// Newton's method for the share s of the sweep with s = azimuth(raw(s)) in turns.
double undo_one(const double* twist, const double* q, int branch, double* raw) {
  const Vector v{twist[0], twist[1], twist[2]}, w{twist[3], twist[4], twist[5]};
  double s = std::atan2(q[1], q[0]) / kTurn + branch;
  Vector p{q[0], q[1], q[2]};
  for (int step = 0; step < kMaxSteps; step++) {
    const Vector a{-s * w.x, -s * w.y, -s * w.z};
    p = turned(a, {q[0] - s * v.x, q[1] - s * v.y, q[2] - s * v.z});
    const double off = std::atan2(p.y, p.x) / kTurn - s, miss = off - std::nearbyint(off);
    if (std::abs(miss) < kClose) break;
    const Vector back = turned(a, v), spin = cross(w, p);
    const double radius = std::max(p.x * p.x + p.y * p.y, 1.0);
    const double slope = (p.y * (back.x + spin.x) - p.x * (back.y + spin.y)) / (kTurn * radius);
    s += miss / std::max(1 - slope, 0.25);
  }
  raw[0] = p.x, raw[1] = p.y, raw[2] = p.z;
  return s;
}

// Lasers as cones: z = start + rise * sqrt(radius^2 - 2 bend), of which the root's first term will do.
struct Cones {
  std::vector<double> rise, start, bend;

  explicit Cones(const Lattice& lattice) {
    for (int l = 0; l < lattice.lasers; l++) {
      const std::int64_t *s = lattice.slope + 3 * l, *o = lattice.offset + 3 * l;
      const double flat = std::max(std::hypot(static_cast<double>(s[0]), static_cast<double>(s[1])), 1.0);
      const double c = s[0] / flat, d = s[1] / flat, aside = std::ldexp(o[1] * c - o[0] * d, -kSlopeBits);
      rise.push_back(s[2] / flat);
      start.push_back(std::ldexp(o[2] - s[2] / flat * (o[0] * c + o[1] * d), -kSlopeBits));
      bend.push_back(aside * aside / 2);
    }
  }
};

// What a search asks of all its candidates: how near the cones the points come, 0 (far) to 1, on average. A body for each instruction
// set, as this is most of a search's time. Minima are the same in any order, so all sets give the same.
struct FlatCones {
  std::vector<float> rise, start, bend;

  explicit FlatCones(const Cones& all)
      : rise(all.rise.begin(), all.rise.end()), start(all.start.begin(), all.start.end()), bend(all.bend.begin(), all.bend.end()) {}
};

#define PCC_NEAREST(TARGET, SUFFIX)                                                                     \
  TARGET float nearest_##SUFFIX(const FlatCones& cones, float radius, float z) {                        \
    const float *rise = cones.rise.data(), *start = cones.start.data(), *bend = cones.bend.data();      \
    const int lasers = static_cast<int>(cones.rise.size());                                             \
    const float inverse = 1 / radius;                                                                   \
    float best = 1e30F;                                                                                 \
    _Pragma("omp simd reduction(min : best)") for (int l = 0; l < lasers; l++) {                        \
      const float height = std::fabs(z - start[l] - rise[l] * (radius - bend[l] * inverse));            \
      best = height < best ? height : best;                                                             \
    }                                                                                                   \
    return best;                                                                                        \
  }
PCC_FOR_EACH_ISA(PCC_NEAREST)

}  // namespace

void twist_undo(const double* twist, const double* xyz, const std::int8_t* branch, std::int64_t n, double* raw, double* share) {
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) share[i] = undo_one(twist, xyz + 3 * i, branch[i], raw + 3 * i);
  });
}

void lattice_cones(const Lattice& lattice, const double* raw, std::int64_t n, std::uint8_t* laser, double* height) {
  const Cones cones(lattice);
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) {
      const double radius = std::max(std::hypot(raw[3 * i], raw[3 * i + 1]), 1.0), inverse = 1 / radius;
      laser[i] = 0, height[i] = 1e30;
      for (int l = 0; l < lattice.lasers; l++) {
        const double h = raw[3 * i + 2] - cones.start[l] - cones.rise[l] * (radius - cones.bend[l] * inverse);
        if (std::abs(h) < std::abs(height[i])) laser[i] = static_cast<std::uint8_t>(l), height[i] = h;
      }
    }
  });
}

void cone_sharpness(const Lattice& lattice, const double* xyz, const double* share, std::int64_t n, const double* motion,
                    std::int64_t candidates, double scale, double* sharpness) {
  const FlatCones cones{Cones(lattice)};
  const auto nearest = PCC_SELECT(nearest);
  for_ranges(candidates, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; k++) {
      const double* v = motion + 6 * k;
      const Vector w{v[3], v[4], v[5]};
      double sum = 0;
      for (std::int64_t i = 0; i < n; i++) {
        const Vector p{xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]}, c = cross(w, p);
        const double x = p.x - share[i] * (v[0] + c.x), y = p.y - share[i] * (v[1] + c.y);
        const double radius = std::max(std::sqrt(x * x + y * y), 1.0), z = p.z - share[i] * (v[2] + c.z);
        const double height = nearest(cones, static_cast<float>(radius), static_cast<float>(z)) / scale;
        sum += 1 / (1 + height * height);
      }
      sharpness[k] = n ? sum / static_cast<double>(n) : 0;
    }
  });
}

}  // namespace pcc
