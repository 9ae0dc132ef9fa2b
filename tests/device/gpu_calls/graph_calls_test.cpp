// A CUDA graph against a stand-in that notes its calls: in which order, on which stream, and what
// is left when the work or the recording fails. Compiled as for GPUs, run without one.
#include <stdexcept>
#include <string>
#include <vector>

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tessera/device/work_graph.hpp>

namespace {

std::vector<std::string> calls;
bool end_fails = false;

}  // namespace

namespace c10::cuda {
void CUDAStream::synchronize() const {
    calls.emplace_back("wait for the current stream");
}
CUDAStream getStreamFromPool(bool isHighPriority, c10::DeviceIndex device) {
    calls.push_back(fmt::format("{} stream of GPU {}", isHighPriority ? "urgent" : "usual",
                                static_cast<int>(device)));
    return {};
}
CUDAStreamGuard::CUDAStreamGuard(CUDAStream) {
    calls.emplace_back("on that stream");
}
CUDAStreamGuard::~CUDAStreamGuard() {
    calls.emplace_back("back");
}
}  // namespace c10::cuda

namespace at::cuda {
void CUDAGraph::capture_begin(c10::MempoolId_t pool, cudaStreamCaptureMode mode) {
    EXPECT_EQ(pool, c10::MempoolId_t(0, 0));  // memory of its own
    calls.push_back(fmt::format("begin, mode {}", static_cast<int>(mode)));
}
void CUDAGraph::capture_end() {
    calls.emplace_back("end");
    if (end_fails) TORCH_CHECK(false, "operation not permitted when stream is capturing");
}
void CUDAGraph::replay() {
    calls.emplace_back("replay");
}
}  // namespace at::cuda

namespace tessera::device {
namespace {

using Calls = std::vector<std::string>;

class GraphCalls : public testing::Test {
  protected:
    GraphCalls() {
        calls.clear();
        end_fails = false;
    }
    std::unique_ptr<WorkGraph> graph = make_work_graph(torch::Device(torch::kCUDA, 1));
};

TEST_F(GraphCalls, WorkIsRecordedOnAStreamOfItsOwnAndReplayedOnTheCurrentOne) {
    graph->record([] { calls.emplace_back("work"); });
    graph->replay();
    // Mode 1, of this thread alone: other threads fetch the next batch meanwhile.
    EXPECT_EQ(calls, (Calls{"usual stream of GPU 1", "wait for the current stream",
                            "on that stream", "begin, mode 1", "work", "end", "back", "replay"}));
}

TEST_F(GraphCalls, WorkThatFailsEndsTheRecordingAndSaysWhy) {
    for (bool const end : {false, true}) {
        calls.clear();
        end_fails = end;
        try {
            graph->record([] { throw std::runtime_error("out of memory"); });
            FAIL() << "recorded";
        } catch (std::runtime_error const& error) {
            EXPECT_STREQ(error.what(), "out of memory");
        }
        EXPECT_EQ(calls.at(4), "end");
        EXPECT_EQ(calls.back(), "back");
    }
}

TEST_F(GraphCalls, ARecordingThatFailsIsTold) {
    end_fails = true;
    EXPECT_THROW(graph->record([] {}), c10::Error);
    EXPECT_EQ(calls.back(), "back");
}

TEST(GraphOfADevice, IsForGpusAlone) {
    EXPECT_EQ(make_work_graph(torch::kCPU), nullptr);
}

}  // namespace
}  // namespace tessera::device
