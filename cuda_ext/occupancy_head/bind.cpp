#include "common/registry.h"
#include "occupancy_head/op.h"

namespace pcc {
namespace {

template <class T, class Source> std::vector<T> copied(const Source& array) {
  return {array.data(), array.data() + array.size()};
}

HeadGroup make_group(Array2<const int8_t> weight1, Array3<const int8_t> context, Array1<const uint8_t> context_shift,
                     Array1<const int32_t> multiplier1, int shift1, Array2<const int8_t> weight2, Array1<const int32_t> bias2,
                     Array1<const int32_t> multiplier2, int shift2, Array2<const int8_t> weight3, Array1<const int32_t> bias3,
                     Array1<const int32_t> multiplier3, int shift3) {
  return {copied<int8_t>(weight1), copied<int8_t>(context), copied<uint8_t>(context_shift), copied<int32_t>(multiplier1),
          copied<int8_t>(weight2), copied<int32_t>(bias2),  copied<int32_t>(multiplier2),   copied<int8_t>(weight3),
          copied<int32_t>(bias3),  copied<int32_t>(multiplier3), shift1, shift2, shift3};
}

void make_head(OccupancyHead* self, int channels, int hidden, int outputs, nb::list groups, Array3<const uint8_t> masks) {
  std::vector<HeadGroup> raw;
  for (nb::handle group : groups) raw.push_back(nb::cast<HeadGroup>(group));
  const HeadShape shape{channels, hidden, outputs, static_cast<int>(masks.shape(0)), static_cast<int>(masks.shape(1))};
  new (self) OccupancyHead(shape, std::move(raw), copied<uint8_t>(masks));
}

void logits(OccupancyHead& self, Array2<const uint8_t> feats, Array1<const int32_t> rows, Array1<const uint32_t> begin,
            Array1<const uint32_t> entries, Array1<const uint8_t> occupancy, int64_t place, int colour, int first,
            Array2<const int32_t> bias1, Array3<int16_t> out) {
  nb::gil_scoped_release release;
  self.logits(feats.data(), {rows.data(), begin.data(), entries.data()}, occupancy.data(), place,
              static_cast<int64_t>(out.shape(1)), colour, first, static_cast<int>(bias1.shape(0)), bias1.data(), out.data());
}

const Registrar registrar([](nb::module_& m) {
  m.attr("HEAD_MAX_HIDDEN") = kMaxHidden;
  m.attr("HEAD_MAX_OUTPUTS") = kMaxOutputs;
  nb::class_<HeadGroup>(m, "HeadGroup");
  m.def("head_group", &make_group, nb::arg("weight1").noconvert(), nb::arg("context").noconvert(),
        nb::arg("context_shift").noconvert(), nb::arg("multiplier1").noconvert(), nb::arg("shift1"),
        nb::arg("weight2").noconvert(), nb::arg("bias2").noconvert(), nb::arg("multiplier2").noconvert(), nb::arg("shift2"),
        nb::arg("weight3").noconvert(), nb::arg("bias3").noconvert(), nb::arg("multiplier3").noconvert(), nb::arg("shift3"));
  nb::class_<OccupancyHead>(m, "OccupancyHead")
      .def("__init__", &make_head, nb::arg("channels"), nb::arg("hidden"), nb::arg("outputs"), nb::arg("groups"),
           nb::arg("masks").noconvert())
      .def("logits", &logits, nb::arg("feats").noconvert(), nb::arg("rows").noconvert(), nb::arg("begin").noconvert(),
           nb::arg("entries").noconvert(), nb::arg("occupancy").noconvert(), nb::arg("place"), nb::arg("colour"),
           nb::arg("first"), nb::arg("bias1").noconvert(), nb::arg("out").noconvert());
});

}  // namespace
}  // namespace pcc
