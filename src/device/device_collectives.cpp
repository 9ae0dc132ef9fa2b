#include "own_gpu.hpp"

#include <tessera/base/error.hpp>
#include <tessera/device/device_collectives.hpp>

#ifndef TESSERA_CUDA

namespace tessera::device {

std::unique_ptr<DeviceCollectives> make_device_collectives(comm::Communicator const&, int,
                                                           std::chrono::seconds) {
    base::fail(base::ExitCode::environment,
               "this program was built without CUDA: no collectives between GPUs; build with "
               "-DTESSERA_CUDA=ON, or train on the CPU");
}

}  // namespace tessera::device

#else

#include <atomic>
#include <string>
#include <thread>

#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime.h>
#include <nccl.h>

namespace tessera::device {

namespace {

void check_cuda(cudaError_t result, char const* call) {
    base::validate(result == cudaSuccess, base::ExitCode::environment, "{} failed: {}", call,
                   cudaGetErrorString(result));
}

void check_nccl(ncclResult_t result, ncclComm_t comm, char const* call) {
    if (result == ncclSuccess || result == ncclInProgress) return;
    base::fail(base::ExitCode::failed, "{} failed: {} ({})", call, ncclGetErrorString(result),
               ncclGetLastError(comm));
}

ncclDataType_t type_of(at::Tensor const& tensor) {
    switch (tensor.scalar_type()) {
        case at::kFloat:
            return ncclFloat32;
        case at::kHalf:
            return ncclFloat16;
        case at::kBFloat16:
            return ncclBfloat16;
        default:
            base::fail(base::ExitCode::failed, "no sum over GPUs of {} values",
                       c10::toString(tensor.scalar_type()));
    }
}

void check_tensor(at::Tensor const& tensor, int device) {
    base::validate(tensor.is_cuda() && tensor.is_contiguous() && tensor.get_device() == device,
                   base::ExitCode::failed,
                   "a collective between GPUs wants a contiguous tensor on GPU {}", device);
}

/// NCCL hangs when two ranks share a GPU, so it is found out before.
void check_one_gpu_a_rank(comm::Communicator const& comm, int device) {
    std::string mine;
    comm::agreed(comm, [&] { mine = gpu_name(device); });
    auto const lack = lack_of_gpus(comm::all_gather(comm, mine));
    base::validate(lack.empty(), base::ExitCode::environment, "{}: start one rank a GPU", lack);
}

ncclUniqueId shared_id(comm::Communicator const& comm) {
    ncclUniqueId id{};
    comm::agreed(comm, [&] {
        if (comm.is_root()) check_nccl(ncclGetUniqueId(&id), nullptr, "ncclGetUniqueId");
    });
    comm::broadcast(comm, std::as_writable_bytes(std::span(&id, 1)), 0);
    return id;
}

class NcclCollectives final : public DeviceCollectives {
  public:
    NcclCollectives(comm::Communicator const& comm, int device, std::chrono::seconds limit)
        : device_(device) {
        check_one_gpu_a_rank(comm, device);
        auto const id = shared_id(comm);
        comm::agreed(comm, [&] { connect(comm, id, limit); });
    }
    ~NcclCollectives() override { abort(); }
    NcclCollectives(NcclCollectives const&) = delete;
    NcclCollectives& operator=(NcclCollectives const&) = delete;

    void all_reduce(at::Tensor const& tensor) override {
        check_tensor(tensor, device_);
        queued(ncclAllReduce(tensor.data_ptr(), tensor.data_ptr(),
                             static_cast<std::size_t>(tensor.numel()), type_of(tensor), ncclSum,
                             nccl_.load(), stream()),
               "ncclAllReduce");
    }

    void broadcast(at::Tensor const& tensor, int root) override {
        check_tensor(tensor, device_);
        queued(ncclBroadcast(tensor.data_ptr(), tensor.data_ptr(), tensor.nbytes(), ncclUint8, root,
                             nccl_.load(), stream()),
               "ncclBroadcast");
    }

    void check() override { check_nccl(state(), nccl_.load(), "a collective between GPUs"); }

    void abort() noexcept override {
        if (auto* const comm = nccl_.exchange(nullptr)) ncclCommAbort(comm);
    }

  private:
    void connect(comm::Communicator const& comm, ncclUniqueId const& id,
                 std::chrono::seconds limit) {
        check_cuda(cudaSetDevice(device_), "cudaSetDevice");
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;
        ncclComm_t made = nullptr;
        check_nccl(ncclCommInitRankConfig(&made, comm.size(), id, comm.rank(), &config), made,
                   "ncclCommInitRankConfig");
        nccl_ = made;
        wait_connected(limit);
    }

    void wait_connected(std::chrono::seconds limit) {
        auto const deadline = std::chrono::steady_clock::now() + limit;
        auto now = state();
        for (; now == ncclInProgress; now = state()) {
            if (std::chrono::steady_clock::now() > deadline) {
                abort();
                base::fail(base::ExitCode::environment,
                           "NCCL did not connect all ranks within {} s: check that every rank "
                           "runs and that NCCL_SOCKET_IFNAME names the right network",
                           limit.count());
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        check_nccl(now, nccl_.load(), "ncclCommInitRankConfig");
    }

    /// A first call between ranks may go on connecting in the background. It has queued nothing on
    /// the stream until that is over, and no other call may be made before.
    void queued(ncclResult_t result, char const* call) {
        while (result == ncclInProgress) {
            std::this_thread::sleep_for(std::chrono::microseconds(50));
            result = state();
        }
        check_nccl(result, nccl_.load(), call);
    }

    ncclResult_t state() const {
        auto result = ncclSuccess;
        check_nccl(ncclCommGetAsyncError(nccl_.load(), &result), nccl_.load(),
                   "ncclCommGetAsyncError");
        return result;
    }

    cudaStream_t stream() const {
        return c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device_)).stream();
    }

    int device_;
    std::atomic<ncclComm_t> nccl_ = nullptr;  // null: aborted; a watchdog may abort at any time
};

}  // namespace

std::unique_ptr<DeviceCollectives> make_device_collectives(comm::Communicator const& comm,
                                                           int device, std::chrono::seconds limit) {
    return std::make_unique<NcclCollectives>(comm, device, limit);
}

}  // namespace tessera::device

#endif
