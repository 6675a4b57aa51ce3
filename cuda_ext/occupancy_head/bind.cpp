#include "common/registry.h"
#include "occupancy_head/op.h"

namespace pcc {
namespace {

bool head(Array2<const uint8_t> feats, Array2<const int32_t> neighbours, Array1<const uint8_t> occupancy,
          Array1<const int32_t> rows, bool checkerboard, int parity, int stage, Array2<const int8_t> weight1,
          Array3<const int8_t> context, Array1<const uint8_t> context_shift, Array1<const int32_t> bias1,
          Array1<const int32_t> multiplier1, int shift1, Array2<const int8_t> weight2, Array1<const int32_t> bias2,
          Array1<const int32_t> multiplier2, int shift2, Array1<const int8_t> weight3, int32_t bias3, int32_t multiplier3,
          int shift3, Array1<int16_t> logits) {
  nb::gil_scoped_release release;
  const HeadStage s{stage,
                    checkerboard,
                    static_cast<int>(weight1.shape(0)),
                    static_cast<int>(weight1.shape(1)),
                    weight1.data(),
                    context.data(),
                    context_shift.data(),
                    bias1.data(),
                    multiplier1.data(),
                    shift1,
                    weight2.data(),
                    bias2.data(),
                    multiplier2.data(),
                    shift2,
                    weight3.data(),
                    bias3,
                    multiplier3,
                    shift3};
  return occupancy_head(feats.data(), neighbours.data(), occupancy.data(), rows.data(), occupancy.shape(0), rows.shape(0),
                        parity, s, logits.data());
}

const Registrar registrar([](nb::module_& m) {
  m.attr("HEAD_MAX_HIDDEN") = kMaxHidden;
  m.def("occupancy_head", &head, nb::arg("feats").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("rows").noconvert(), nb::arg("checkerboard"), nb::arg("parity"),
        nb::arg("stage"), nb::arg("weight1").noconvert(), nb::arg("context").noconvert(),
        nb::arg("context_shift").noconvert(), nb::arg("bias1").noconvert(), nb::arg("multiplier1").noconvert(),
        nb::arg("shift1"), nb::arg("weight2").noconvert(), nb::arg("bias2").noconvert(), nb::arg("multiplier2").noconvert(),
        nb::arg("shift2"), nb::arg("weight3").noconvert(), nb::arg("bias3"), nb::arg("multiplier3"), nb::arg("shift3"),
        nb::arg("logits").noconvert());
});

}  // namespace
}  // namespace pcc
