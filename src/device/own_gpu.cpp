#include "own_gpu.hpp"

#include <map>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/process.hpp>

#ifdef TESSERA_CUDA
#include <array>

#include <cuda_runtime.h>
#endif

namespace tessera::device {

#ifdef TESSERA_CUDA
std::string gpu_name(int device) {
    std::array<char, 32> bus{};
    auto const result = cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), device);
    base::validate(result == cudaSuccess, base::ExitCode::environment,
                   "cudaDeviceGetPCIBusId failed for GPU {}: {}", device,
                   cudaGetErrorString(result));
    return fmt::format("{} GPU {}", base::host_name(), bus.data());
}
#else
std::string gpu_name(int device) {
    base::fail(base::ExitCode::environment,
               "this program was built without CUDA, so GPU {} has no name; build with "
               "-DTESSERA_CUDA=ON, or train on the CPU",
               device);
}
#endif

std::string lack_of_gpus(std::vector<std::string> const& gpus) {
    std::map<std::string, std::size_t> owners;
    for (std::size_t rank = 0; rank < gpus.size(); ++rank) {
        if (gpus[rank].empty()) return fmt::format("rank {} finds no GPU", rank);
        auto const [owner, first] = owners.emplace(gpus[rank], rank);
        if (!first) return fmt::format("ranks {} and {} share {}", owner->second, rank, gpus[rank]);
    }
    return {};
}

}  // namespace tessera::device
