#include "own_gpu.hpp"

#include <algorithm>
#include <cstddef>
#include <mutex>

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
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

/// Number of the GPU that a rank would take, or -1: there is none for it. That which it sees alone
/// may be its own, shown by the launcher, or that of all ranks of the host.
int candidate(comm::Communicator const& comm) {
    auto const gpus = static_cast<std::ptrdiff_t>(torch::cuda::device_count());
    auto const local = local_rank(comm);
    if (gpus == 1) return 0;
    return local < gpus ? static_cast<int>(local) : -1;
}

/// By rank, empty for a rank without one. Collective.
std::vector<std::string> candidate_names(comm::Communicator const& comm, int gpu) {
    std::string name;
    comm::agreed(comm, [&] {
        if (gpu >= 0) name = gpu_name(gpu);
    });
    return comm::all_gather(comm, name);
}

/// A node without any GPU needs no words.
void tell_of_lack(std::vector<std::string> const& names, std::string const& lack) {
    bool const some = std::ranges::any_of(names, [](auto const& name) { return !name.empty(); });
    if (some) base::log_info("{}: all ranks compute on processors", lack);
}

}  // namespace

torch::Device choose_device(comm::Communicator const& comm, std::string_view wanted) {
    if (wanted == "cpu") return torch::kCPU;
    auto const gpu = candidate(comm);
    auto const names = candidate_names(comm, gpu);
    auto const lack = lack_of_gpus(names);
    if (!lack.empty() && wanted == "auto") {
        if (comm.is_root()) tell_of_lack(names, lack);
        return torch::kCPU;
    }
    base::validate(lack.empty(), base::ExitCode::environment,
                   "--device cuda: {}; start one rank a GPU with a build of -DTESSERA_CUDA=ON, or "
                   "train with --device cpu",
                   lack);
    torch::Device const device(torch::kCUDA, static_cast<c10::DeviceIndex>(gpu));
    c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
    return device;
}

void seed_generator(torch::Device device, std::uint64_t seed) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard const lock(generator.mutex());
    generator.set_current_seed(seed);
}

at::Tensor generator_state(torch::Device device) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard const lock(generator.mutex());
    return generator.get_state();
}

void set_generator_state(torch::Device device, at::Tensor const& state) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard const lock(generator.mutex());
    generator.set_state(state);
}

}  // namespace tessera::device
