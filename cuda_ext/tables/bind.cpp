#include "common/registry.h"
#include "tables/op.h"

namespace pcc {
namespace {

void tables(Array2<const int16_t> logits, Array2<uint16_t> cdf) {
  const size_t rows = logits.shape(0), symbols = logits.shape(1);
  if (symbols < 1 || symbols > static_cast<size_t>(kMaxSymbols)) throw nb::value_error("logits: expected 1..4096 columns");
  if (cdf.shape(0) != rows || cdf.shape(1) != symbols + 1) throw nb::value_error("cdf: expected shape (N, K + 1)");
  nb::gil_scoped_release release;
  tables_cpu(logits.data(), rows, static_cast<int>(symbols), cdf.data());
}

void binary_frequencies(Array1<const int16_t> logits, Array1<uint16_t> p1) {
  if (p1.shape(0) != logits.shape(0)) throw nb::value_error("p1: expected the shape of logits");
  nb::gil_scoped_release release;
  binary_frequencies_cpu(logits.data(), logits.shape(0), p1.data());
}

void tree_frequencies(Array2<const int16_t> logits, Array1<const uint8_t> values, Array1<const uint8_t> certain, int bit,
                      Array1<uint16_t> p1) {
  nb::gil_scoped_release release;
  tree_frequencies_cpu(logits.data(), static_cast<int>(logits.shape(1)), values.data(),
                       certain.shape(0) ? certain.data() : nullptr, values.shape(0), bit, binary_table(), p1.data());
}

const Registrar registrar([](nb::module_& m) {
  m.def("tables", &tables, nb::arg("logits").noconvert(), nb::arg("cdf").noconvert());
  m.def("binary_frequencies", &binary_frequencies, nb::arg("logits").noconvert(), nb::arg("p1").noconvert());
  m.def("tree_frequencies", &tree_frequencies, nb::arg("logits").noconvert(), nb::arg("values").noconvert(),
        nb::arg("certain").noconvert(), nb::arg("bit"), nb::arg("p1").noconvert());
  m.def("exp2_table", [] {
    nb::list values;
    for (uint32_t value : kExp2) values.append(value);
    return values;
  });
});

}  // namespace
}  // namespace pcc
