#include <bit>

#include "common/registry.h"
#include "rans/op.h"

namespace pcc {
namespace {

void require_length(size_t got, size_t wanted) {
  if (got != wanted) throw nb::value_error("symbols: expected one for every row of frequencies");
}

void put_binary(RansEncoder& self, Array1<const uint16_t> p1, Array1<const uint8_t> symbols) {
  require_length(symbols.shape(0), p1.shape(0));
  nb::gil_scoped_release release;
  self.put_binary(p1.data(), symbols.data(), p1.shape(0));
}

void put_table(RansEncoder& self, Array2<const uint16_t> cdf, Array1<const uint16_t> symbols) {
  require_length(symbols.shape(0), cdf.shape(0));
  nb::gil_scoped_release release;
  self.put_table(cdf.data(), symbols.data(), cdf.shape(0), static_cast<int>(cdf.shape(1)) - 1);
}

nb::bytes finish(RansEncoder& self, int lanes) {
  std::vector<uint8_t> bytes;
  {
    nb::gil_scoped_release release;
    bytes = self.finish(lanes);
  }
  return nb::bytes(bytes.data(), bytes.size());
}

void histogram(const RansEncoder& self, size_t begin, Array2<uint32_t> counts) {
  if (counts.shape(0) != 2 || counts.shape(1) != size_t{kBins}) throw nb::value_error("counts: expected shape (2, 449)");
  self.histogram(begin, counts.data());
}

void settle(RansEncoder& self, size_t begin, int scale, int shift) { self.settle(begin, {scale, shift}); }

void calibrate(RansDecoder& self, int scale, int shift) { self.calibrate({scale, shift}); }

void make_decoder(RansDecoder* self, nb::bytes data, int lanes) {
  new (self) RansDecoder(static_cast<const uint8_t*>(data.data()), data.size(), lanes);
}

void get_binary(RansDecoder& self, Array1<const uint16_t> p1, Array1<uint8_t> symbols) {
  require_length(symbols.shape(0), p1.shape(0));
  nb::gil_scoped_release release;
  self.get_binary(p1.data(), symbols.data(), p1.shape(0));
}

void get_table(RansDecoder& self, Array2<const uint16_t> cdf, Array1<uint16_t> symbols) {
  require_length(symbols.shape(0), cdf.shape(0));
  nb::gil_scoped_release release;
  self.get_table(cdf.data(), symbols.data(), cdf.shape(0), static_cast<int>(cdf.shape(1)) - 1);
}

// The tree's depth, from arrays that fit each other; `certain` is empty where nothing is.
int tree_bits(const Array2<const int16_t>& logits, const Array1<const uint8_t>& certain, size_t values) {
  const size_t rows = logits.shape(0), columns = logits.shape(1);
  const int bits = std::bit_width(columns);
  require_length(values, rows);
  if (certain.shape(0) && certain.shape(0) != rows) throw nb::value_error("certain: expected one for every row or none");
  if (columns != (size_t{1} << bits) - 1 || bits < 1 || bits > 8) throw nb::value_error("logits: expected 2^G - 1 columns");
  return bits;
}

void put_tree(RansEncoder& self, Array2<const int16_t> logits, Array1<const uint8_t> certain, Array1<const uint8_t> values) {
  const int bits = tree_bits(logits, certain, values.shape(0));
  nb::gil_scoped_release release;
  self.put_tree(logits.data(), certain.shape(0) ? certain.data() : nullptr, values.data(), values.shape(0), bits);
}

void get_tree(RansDecoder& self, Array2<const int16_t> logits, Array1<const uint8_t> certain, Array1<uint8_t> values) {
  const int bits = tree_bits(logits, certain, values.shape(0));
  nb::gil_scoped_release release;
  self.get_tree(logits.data(), certain.shape(0) ? certain.data() : nullptr, values.data(), values.shape(0), bits);
}

const Registrar registrar([](nb::module_& m) {
  nb::exception<CorruptStream>(m, "CorruptStream");
  nb::class_<RansEncoder>(m, "RansEncoder")
      .def(nb::init<>())
      .def("copy", [](const RansEncoder& self) { return new RansEncoder(self); })
      .def("put_binary", &put_binary, nb::arg("p1").noconvert(), nb::arg("symbols").noconvert())
      .def("put_tree", &put_tree, nb::arg("logits").noconvert(), nb::arg("certain").noconvert(),
           nb::arg("values").noconvert())
      .def("put_table", &put_table, nb::arg("cdf").noconvert(), nb::arg("symbols").noconvert())
      .def("num_calls", &RansEncoder::num_calls)
      .def("drop", &RansEncoder::drop, nb::arg("begin"), nb::arg("end"))
      .def("histogram", &histogram, nb::arg("begin"), nb::arg("counts").noconvert())
      .def("settle", &settle, nb::arg("begin"), nb::arg("scale"), nb::arg("shift"))
      .def("approximate_bits", &RansEncoder::approximate_bits, nb::arg("begin"))
      .def("finish", &finish, nb::arg("lanes"));
  nb::class_<RansDecoder>(m, "RansDecoder")
      .def("__init__", &make_decoder, nb::arg("data"), nb::arg("lanes"))
      .def("get_binary", &get_binary, nb::arg("p1").noconvert(), nb::arg("symbols").noconvert())
      .def("get_tree", &get_tree, nb::arg("logits").noconvert(), nb::arg("certain").noconvert(),
           nb::arg("values").noconvert())
      .def("calibrate", &calibrate, nb::arg("scale"), nb::arg("shift"))
      .def("get_table", &get_table, nb::arg("cdf").noconvert(), nb::arg("symbols").noconvert())
      .def("finish", &RansDecoder::finish);
});

}  // namespace
}  // namespace pcc
