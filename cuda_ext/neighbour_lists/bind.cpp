#include "common/registry.h"
#include "neighbour_lists/op.h"

namespace pcc {
namespace {

void order(Array2<const std::int32_t> neighbours, Array1<const std::uint8_t> octants, Array1<const std::uint8_t> colour_of,
           int lone_colour, Array1<std::uint8_t> colours, Array1<std::int32_t> rows, Array1<std::uint32_t> begin,
           Array1<std::int64_t> starts) {
  nb::gil_scoped_release release;
  order_by_colour(neighbours.data(), octants.data(), colour_of.data(), lone_colour,
                  static_cast<std::int64_t>(neighbours.shape(0)), colours.data(), rows.data(), begin.data(), starts.data());
}

void list(Array2<const std::int32_t> neighbours, Array1<const std::uint8_t> colours, Array1<const std::uint32_t> begin,
          Array1<std::uint32_t> entries) {
  nb::gil_scoped_release release;
  list_neighbours(neighbours.data(), colours.data(), static_cast<std::int64_t>(neighbours.shape(0)), begin.data(),
                  entries.data());
}

const Registrar registrar([](nb::module_& m) {
  m.attr("MAX_LISTED_ROWS") = kMaxListedRows;
  m.attr("LIST_COLOURS") = kListColours;
  m.def("order_by_colour", &order, nb::arg("neighbours").noconvert(), nb::arg("octants").noconvert(),
        nb::arg("colour_of").noconvert(), nb::arg("lone_colour"), nb::arg("colours").noconvert(),
        nb::arg("rows").noconvert(), nb::arg("begin").noconvert(), nb::arg("starts").noconvert());
  m.def("list_neighbours", &list, nb::arg("neighbours").noconvert(), nb::arg("colours").noconvert(),
        nb::arg("begin").noconvert(), nb::arg("entries").noconvert());
});

}  // namespace
}  // namespace pcc
