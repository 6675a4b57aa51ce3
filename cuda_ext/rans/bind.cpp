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

nb::bytes finish(const RansEncoder& self, int lanes) {
  std::vector<uint8_t> bytes;
  {
    nb::gil_scoped_release release;
    bytes = self.finish(lanes);
  }
  return nb::bytes(bytes.data(), bytes.size());
}

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

const Registrar registrar([](nb::module_& m) {
  nb::exception<CorruptStream>(m, "CorruptStream");
  nb::class_<RansEncoder>(m, "RansEncoder")
      .def(nb::init<>())
      .def("put_binary", &put_binary, nb::arg("p1").noconvert(), nb::arg("symbols").noconvert())
      .def("put_table", &put_table, nb::arg("cdf").noconvert(), nb::arg("symbols").noconvert())
      .def("num_calls", &RansEncoder::num_calls)
      .def("drop", &RansEncoder::drop, nb::arg("begin"), nb::arg("end"))
      .def("approximate_bits", &RansEncoder::approximate_bits, nb::arg("begin"))
      .def("finish", &finish, nb::arg("lanes"));
  nb::class_<RansDecoder>(m, "RansDecoder")
      .def("__init__", &make_decoder, nb::arg("data"), nb::arg("lanes"))
      .def("get_binary", &get_binary, nb::arg("p1").noconvert(), nb::arg("symbols").noconvert())
      .def("get_table", &get_table, nb::arg("cdf").noconvert(), nb::arg("symbols").noconvert())
      .def("finish", &RansDecoder::finish);
});

}  // namespace
}  // namespace pcc
