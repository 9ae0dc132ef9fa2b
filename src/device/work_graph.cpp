#include <tessera/device/work_graph.hpp>

#ifndef TESSERA_CUDA

namespace tessera::device {

std::unique_ptr<WorkGraph> make_work_graph(torch::Device) {
    return nullptr;
}

}  // namespace tessera::device

#else

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>

namespace tessera::device {

namespace {

class CudaGraph final : public WorkGraph {
  public:
    explicit CudaGraph(torch::Device device) : device_(device) {}

    // Not on the default stream, which CUDA does not record; and other threads, which fetch the
    // next batch, may go on meanwhile.
    void record(std::function<void()> const& work) override {
        auto const stream = c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index());
        c10::cuda::getCurrentCUDAStream(device_.index()).synchronize();
        c10::cuda::CUDAStreamGuard const guard(stream);
        graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
        try {
            work();
        } catch (...) {
            end_quietly();
            throw;
        }
        graph_.capture_end();
    }

    void replay() override { graph_.replay(); }

  private:
    void end_quietly() {
        try {
            graph_.capture_end();
        } catch (c10::Error const&) {  // what `work` threw says more
        }
    }

    torch::Device device_;
    at::cuda::CUDAGraph graph_;
};

}  // namespace

std::unique_ptr<WorkGraph> make_work_graph(torch::Device device) {
    return device.is_cuda() ? std::make_unique<CudaGraph>(device) : nullptr;
}

}  // namespace tessera::device

#endif
