#include <cstdint>
#include <span>
#include <vector>

#include <tessera/base/error.hpp>
#include <tessera/parallel/replicate.hpp>

namespace tessera::parallel {

namespace {

/// A tensor's values in contiguous host memory: its own where they lie there, else a copy.
at::Tensor on_host(at::Tensor const& tensor) {
    return tensor.to(at::kCPU).contiguous();
}

std::span<std::byte> raw_bytes(at::Tensor const& host) {
    return {static_cast<std::byte*>(host.data_ptr()), host.nbytes()};
}

/// [entries] int64: of each tensor the sum of its bits, as 32-bit numbers, modulo 2^64.
at::Tensor bit_sums(FlatParameters const& parameters) {
    std::vector<at::Tensor> sums;
    for (auto const& entry : parameters.entries()) {
        auto const values = parameters.values().narrow(0, entry.offset, entry.count);
        sums.push_back(values.view(at::kInt).sum(at::kLong));
    }
    return at::stack(sums).to(at::kCPU);
}

std::vector<std::int64_t> listed(at::Tensor const& numbers) {
    auto const* const first = numbers.const_data_ptr<std::int64_t>();
    return {first, first + numbers.numel()};
}

}  // namespace

void replicate(comm::Communicator const& comm, at::Tensor const& tensor) {
    if (comm.size() == 1) return;
    auto const host = on_host(tensor);
    comm::broadcast(comm, raw_bytes(host), 0);
    if (!host.is_alias_of(tensor)) tensor.copy_(host);
}

void replicate(comm::Communicator const& comm, FlatParameters const& parameters,
               torch::nn::Module const& module) {
    replicate(comm, parameters.values());
    for (auto const& buffer : module.buffers()) replicate(comm, buffer);
}

void check_replicas(comm::Communicator const& comm, FlatParameters const& parameters,
                    std::string_view when) {
    auto lowest = listed(bit_sums(parameters));
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
