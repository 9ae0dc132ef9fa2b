#include "loss_scaler.hpp"

#include <gtest/gtest.h>

namespace tessera::train {
namespace {

at::Tensor flag(bool overflowed) {
    return at::full({}, overflowed ? 1.0 : 0.0, at::kFloat);
}

TEST(LossScaler, HalvesAfterAnOverflowAndDoublesAfterTwoThousandGoodSteps) {
    LossScaler scaler(at::kCPU, at::kHalf);
    EXPECT_EQ(scaler.state().scale, 65536);
    scaler.update(flag(true));
    scaler.update(flag(true));
    EXPECT_EQ(scaler.state().scale, 16384);
    for (int i = 0; i < 1999; ++i) scaler.update(flag(false));
    EXPECT_EQ(scaler.state().scale, 16384);
    EXPECT_EQ(scaler.state().good_steps, 1999);
    scaler.update(flag(false));
    EXPECT_EQ(scaler.state().scale, 32768);
    EXPECT_EQ(scaler.state().good_steps, 0);
    scaler.update(flag(false));
    scaler.update(flag(true));
    EXPECT_EQ(scaler.state().good_steps, 0);
}

TEST(LossScaler, GoesOnWhereItWas) {
    LossScaler first(at::kCPU, at::kHalf);
    first.update(flag(true));
    for (int i = 0; i < 1999; ++i) first.update(flag(false));
    LossScaler second(at::kCPU, at::kHalf);
    second.restore(first.state());
    second.update(flag(false));
    EXPECT_EQ(second.state().scale, 65536);
}

TEST(LossScaler, LeavesTypesWithTheRangeOfFloat32Alone) {
    for (auto const type : {at::kFloat, at::kBFloat16}) {
        LossScaler scaler(at::kCPU, type);
        scaler.update(flag(true));
        EXPECT_FALSE(scaler.active());
        EXPECT_EQ(scaler.state().scale, 1);
        EXPECT_EQ(scaler.scaled(at::full({}, 3.5)).item<double>(), 3.5);
    }
}

}  // namespace
}  // namespace tessera::train
