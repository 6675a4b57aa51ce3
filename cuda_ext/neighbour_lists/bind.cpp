#include "common/registry.h"
#include "neighbour_lists/op.h"

namespace pcc {
namespace {

void count(Array2<const std::int32_t> neighbours, Array1<const std::uint8_t> octants, Array1<const std::uint8_t> colour_of,
           Array1<std::int32_t> rows, Array1<std::uint32_t> begin) {
  nb::gil_scoped_release release;
  count_neighbours(neighbours.data(), octants.data(), colour_of.data(), static_cast<std::int64_t>(neighbours.shape(0)),
                   rows.data(), begin.data());
}

void list(Array2<const std::int32_t> neighbours, Array1<const std::uint8_t> octants, Array1<const std::uint8_t> colour_of,
          Array1<const std::uint32_t> begin, Array1<std::uint32_t> entries) {
  nb::gil_scoped_release release;
  list_neighbours(neighbours.data(), octants.data(), colour_of.data(), static_cast<std::int64_t>(neighbours.shape(0)),
                  begin.data(), entries.data());
}

const Registrar registrar([](nb::module_& m) {
  m.attr("MAX_LISTED_ROWS") = kMaxListedRows;
  m.def("count_neighbours", &count, nb::arg("neighbours").noconvert(), nb::arg("octants").noconvert(),
        nb::arg("colour_of").noconvert(), nb::arg("rows").noconvert(), nb::arg("begin").noconvert());
  m.def("list_neighbours", &list, nb::arg("neighbours").noconvert(), nb::arg("octants").noconvert(),
        nb::arg("colour_of").noconvert(), nb::arg("begin").noconvert(), nb::arg("entries").noconvert());
});

}  // namespace
}  // namespace pcc
