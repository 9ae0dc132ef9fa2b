#include "precision.hpp"

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

TEST(Precision, TakesFp16OnAV100AndBf16OnAnH100) {
    // Data sheets: a V100 has tensor cores for fp16 alone, an H100 for both at one rate.
    EXPECT_EQ(fastest_precision({.fp32 = 15, .bf16 = 12, .fp16 = 100}, 1.2), "fp16");
    EXPECT_EQ(fastest_precision({.fp32 = 60, .bf16 = 700, .fp16 = 720}, 1.2), "bf16");
}

TEST(Precision, StaysWithFp32WhereAHalfTypeGainsLittle) {
    EXPECT_EQ(fastest_precision({.fp32 = 10, .bf16 = 11, .fp16 = 11}, 1.2), "fp32");
    EXPECT_EQ(fastest_precision({.fp32 = 0.2, .bf16 = 0.3}, 2), "fp32");
    EXPECT_EQ(fastest_precision({.fp32 = 0.2, .bf16 = 1.5}, 2), "bf16");  // a CPU with AMX
}

TEST(Precision, MeasuresTheSameAnswerOnEveryRank) {
    auto const comm = comm::Communicator::world();
    auto const answers = comm::all_gather(comm, measured_precision(comm, torch::kCPU));
    for (auto const& answer : answers) EXPECT_EQ(answer, answers.front());
    EXPECT_NO_THROW(compute_type(answers.front()));
}

TEST(Precision, RefusesWhatIsNotSettled) {
    EXPECT_THROW(compute_type("auto"), base::Error);
}

}  // namespace
}  // namespace tessera::train
