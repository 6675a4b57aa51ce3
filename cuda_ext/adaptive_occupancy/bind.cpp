#include "adaptive_occupancy/op.h"
#include "common/registry.h"
#include "neighbours/op.h"

namespace pcc {
namespace {

std::int64_t checked_rows(Array2<const std::int32_t> neighbours, std::size_t nodes) {
  if (neighbours.shape(0) != nodes || neighbours.shape(1) != kDirections)
    throw nb::value_error("neighbours: expected shape (n, 27), a row for every occupancy");
  return static_cast<std::int64_t>(nodes);
}

std::int64_t encode(AdaptiveOccupancy& self, Array2<const std::int32_t> neighbours,
                    Array1<const std::uint8_t> occupancy, Array1<std::uint16_t> p1, Array1<std::uint8_t> symbols) {
  const std::int64_t n = checked_rows(neighbours, occupancy.shape(0));
  if (std::min(p1.shape(0), symbols.shape(0)) < static_cast<std::size_t>(n * kMostDecisions))
    throw nb::value_error("p1, symbols: expected room for 9 decisions a node");
  nb::gil_scoped_release released;
  return self.encode(neighbours.data(), occupancy.data(), n, p1.data(), symbols.data());
}

double estimate_bits(const AdaptiveOccupancy& self, Array2<const std::int32_t> neighbours,
                     Array1<const std::uint8_t> occupancy, int every) {
  const std::int64_t n = checked_rows(neighbours, occupancy.shape(0));
  if (every < 1) throw nb::value_error("every: expected at least 1");
  nb::gil_scoped_release released;
  return self.estimate_bits(neighbours.data(), occupancy.data(), n, every);
}

void decode(AdaptiveOccupancy& self, RansDecoder& decoder, Array2<const std::int32_t> neighbours,
            Array1<std::uint8_t> occupancy) {
  const std::int64_t n = checked_rows(neighbours, occupancy.shape(0));
  nb::gil_scoped_release released;
  self.decode(decoder, neighbours.data(), occupancy.data(), n);
}

const Registrar registrar([](nb::module_& m) {
  nb::class_<AdaptiveOccupancy>(m, "AdaptiveOccupancy")
      .def(nb::init<>())
      .def("copy", [](const AdaptiveOccupancy& self) { return AdaptiveOccupancy(self); })
      .def("encode", &encode, nb::arg("neighbours").noconvert(), nb::arg("occupancy").noconvert(),
           nb::arg("p1").noconvert(), nb::arg("symbols").noconvert())
      .def("estimate_bits", &estimate_bits, nb::arg("neighbours").noconvert(), nb::arg("occupancy").noconvert(),
           nb::arg("every"))
      .def("decode", &decode, nb::arg("decoder"), nb::arg("neighbours").noconvert(), nb::arg("occupancy").noconvert());
});

}  // namespace
}  // namespace pcc
