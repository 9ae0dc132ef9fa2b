#include <algorithm>
#include <cstddef>
#include <mutex>

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <tessera/base/error.hpp>
#include <tessera/base/process.hpp>
#include <tessera/device/compute_device.hpp>

namespace tessera::device {

namespace {

/// Ranks below this one on the same host.
std::ptrdiff_t local_rank(comm::Communicator const& comm) {
    auto const hosts = comm::all_gather(comm, base::host_name());
    auto const self = hosts.begin() + comm.rank();
    return std::count(hosts.begin(), self, *self);
}

/// The GPU of a rank, or -1: there is none for it.
std::int64_t own_gpu(comm::Communicator const& comm) {
    auto const gpus = static_cast<std::ptrdiff_t>(torch::cuda::device_count());
    auto const local = local_rank(comm);
    if (gpus == 1)
        return 0;  // shown by the launcher; two ranks on it are found out by NCCL's set-up
    return local < gpus ? local : -1;
}

}  // namespace

torch::Device choose_device(comm::Communicator const& comm, std::string_view wanted) {
    if (wanted == "cpu") return torch::kCPU;
    auto const gpu = own_gpu(comm);
    auto const worst = comm::all_reduce(comm, gpu, comm::Op::min);
    if (worst < 0 && wanted == "auto") return torch::kCPU;
    base::validate(
        worst >= 0, base::ExitCode::environment,
        "--device cuda: a rank finds no GPU (this one sees {}); start one rank a GPU with "
        "a build of -DTESSERA_CUDA=ON, or train with --device cpu",
        torch::cuda::device_count());
    torch::Device const device(torch::kCUDA, static_cast<c10::DeviceIndex>(gpu));
    c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
    return device;
}

void seed_generator(torch::Device device, std::uint64_t seed) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard const lock(generator.mutex());
    generator.set_current_seed(seed);
}

}  // namespace tessera::device
