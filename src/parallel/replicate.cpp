#include <bit>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <tessera/base/error.hpp>
#include <tessera/parallel/replicate.hpp>

namespace tessera::parallel {

namespace {

std::span<std::byte> raw_bytes(at::Tensor const& tensor) {
    base::validate(tensor.is_contiguous() && tensor.device().is_cpu(), base::ExitCode::failed,
                   "cannot send a tensor that is not contiguous in host memory");
    return {static_cast<std::byte*>(tensor.data_ptr()), tensor.nbytes()};
}

std::uint64_t bit_sum(std::span<float const> values) {
    return std::accumulate(
        values.begin(), values.end(), std::uint64_t{0},
        [](std::uint64_t sum, float value) { return sum + std::bit_cast<std::uint32_t>(value); });
}

std::vector<std::uint64_t> bit_sums(FlatParameters const& parameters) {
    auto const values = elements(parameters.values());
    std::vector<std::uint64_t> sums;
    for (auto const& entry : parameters.entries()) {
        sums.push_back(bit_sum(values.subspan(static_cast<std::size_t>(entry.offset),
                                              static_cast<std::size_t>(entry.count))));
    }
    return sums;
}

}  // namespace

void replicate(comm::Communicator const& comm, at::Tensor const& tensor) {
    comm::broadcast(comm, raw_bytes(tensor), 0);
}

void replicate(comm::Communicator const& comm, FlatParameters const& parameters,
               torch::nn::Module const& module) {
    replicate(comm, parameters.values());
    for (auto const& buffer : module.buffers()) replicate(comm, buffer);
}

void average_buffers(comm::Communicator const& comm, torch::nn::Module const& module) {
    if (comm.size() == 1) return;
    for (auto& buffer : module.buffers()) {
        if (buffer.scalar_type() == at::kFloat) {
            comm::all_reduce(comm, elements(buffer), comm::Op::sum);
            buffer.div_(comm.size());
        } else if (buffer.scalar_type() == at::kLong) {
            comm::all_reduce(comm,
                             std::span<std::int64_t>(buffer.data_ptr<std::int64_t>(),
                                                     static_cast<std::size_t>(buffer.numel())),
                             comm::Op::max);
        }
    }
}

void check_replicas(comm::Communicator const& comm, FlatParameters const& parameters,
                    std::string_view when) {
    auto lowest = bit_sums(parameters);
    auto highest = lowest;
    comm::all_reduce(comm, std::span(lowest), comm::Op::min);
    comm::all_reduce(comm, std::span(highest), comm::Op::max);
    for (std::size_t i = 0; i < lowest.size(); ++i) {
        if (lowest[i] == highest[i]) continue;
        throw comm::AgreedError(
            base::ExitCode::failed,
            fmt::format("ranks hold different weights {}: '{}' is the first tensor that differs; "
                        "start again from the last checkpoint, and check memory and network of the "
                        "nodes if it comes back",
                        when, parameters.entries()[i].name));
    }
}

}  // namespace tessera::parallel
