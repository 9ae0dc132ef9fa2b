#include <gtest/gtest.h>
#include <torch/cuda.h>

#include <tessera/base/error.hpp>
#include <tessera/device/compute_device.hpp>
#include <tessera/device/side_stream.hpp>

namespace tessera::device {
namespace {

TEST(ComputeDevice, IsTheCpuWhereItIsAskedFor) {
    EXPECT_EQ(choose_device({}, "cpu"), torch::Device(torch::kCPU));
}

TEST(ComputeDevice, WithoutAGpuAutoIsTheCpuAndCudaIsRefused) {
    if (torch::cuda::device_count() > 0) GTEST_SKIP() << "there is a GPU";
    EXPECT_EQ(choose_device({}, "auto"), torch::Device(torch::kCPU));
    try {
        choose_device({}, "cuda");
        FAIL() << "found one";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_NE(std::string(error.what()).find("--device cpu"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("rank 0 finds no GPU"), std::string::npos);
    }
}

TEST(ComputeDevice, ASeedDecidesWhatIsDrawn) {
    seed_generator(torch::kCPU, 7);
    auto const first = at::rand({100});
    auto const second = at::rand({100});
    seed_generator(torch::kCPU, 7);
    EXPECT_TRUE(at::equal(first, at::rand({100})));
    EXPECT_FALSE(at::equal(first, second));
}

// On a CPU everything is done when the call returns.
TEST(SideStream, OnACpuWorksAtOnce) {
    SideStream stream(torch::kCPU);
    auto const x = at::zeros({3});
    stream.follow();
    stream.run([&] { x.add_(1); });
    stream.join();
    stream.hand_over(x);
    EXPECT_EQ(x.sum().item<float>(), 3);
    EXPECT_TRUE(Marker(torch::kCPU).passed());
}

}  // namespace
}  // namespace tessera::device
