#include "precision.hpp"

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

TEST(Precision, TakesFp16OnAV100AndBf16OnAnH100) {
    // Data sheets: a V100 has tensor cores for fp16 alone, an H100 for both at one rate.
    EXPECT_EQ(fastest_precision({.fp32 = 15, .bf16 = 12, .fp16 = 100}), "fp16");
    EXPECT_EQ(fastest_precision({.fp32 = 60, .bf16 = 700, .fp16 = 720}), "bf16");
}

TEST(Precision, StaysWithFp32WhereAHalfTypeGainsLittle) {
    EXPECT_EQ(fastest_precision({.fp32 = 10, .bf16 = 11, .fp16 = 11}), "fp32");
}

TEST(Precision, OfACpuIsNeverLeftToItsMood) {
    EXPECT_EQ(measured_precision(comm::Communicator::world(), torch::kCPU), "fp32");
}

TEST(Precision, RefusesWhatIsNotSettled) {
    EXPECT_THROW(compute_type("auto"), base::Error);
}

}  // namespace
}  // namespace tessera::train
