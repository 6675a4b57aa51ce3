#include "common/registry.h"
#include "peaks/op.h"

namespace pcc {
namespace {

void bind(nb::module_& m) {
  m.def("int8_products", [](std::int64_t rounds) {
    nb::gil_scoped_release released;
    return int8_products(rounds);
  }, nb::arg("rounds"));
  m.def("read_words", [](Array1<const std::uint16_t> words, std::int64_t times, bool shared) {
    nb::gil_scoped_release released;
    return read_words(words.data(), static_cast<std::int64_t>(words.shape(0)), times, shared);
  }, nb::arg("words").noconvert(), nb::arg("times"), nb::arg("shared"));
  m.def("copy_bytes", [](Array1<const std::uint8_t> source, Array1<std::uint8_t> target) {
    nb::gil_scoped_release released;
    copy_bytes(source.data(), target.data(), static_cast<std::int64_t>(source.shape(0)));
  }, nb::arg("source").noconvert(), nb::arg("target").noconvert());
}

const Registrar registrar(bind);

}  // namespace
}  // namespace pcc
