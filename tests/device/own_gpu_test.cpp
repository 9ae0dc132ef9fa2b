#include "own_gpu.hpp"

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::device {
namespace {

TEST(LackOfGpus, IsNoneWhereEveryRankHasItsOwn) {
    EXPECT_EQ(lack_of_gpus({"n1 GPU 01", "n1 GPU 02", "n2 GPU 01"}), "");
}

// Each of them sees one GPU, as it does where the launcher shows each rank its own.
TEST(LackOfGpus, NamesTheRanksOfAHostThatSeeOneGpuAlone) {
    EXPECT_EQ(lack_of_gpus({"n1 GPU 01", "n2 GPU 01", "n2 GPU 01"}),
              "ranks 1 and 2 share n2 GPU 01");
}

TEST(LackOfGpus, NamesTheRankThatFindsNone) {
    EXPECT_EQ(lack_of_gpus({"n1 GPU 01", ""}), "rank 1 finds no GPU");
}

#ifndef TESSERA_CUDA
TEST(GpuName, WithoutCudaThereIsNone) {
    EXPECT_THROW(gpu_name(0), base::Error);
}
#endif

}  // namespace
}  // namespace tessera::device
