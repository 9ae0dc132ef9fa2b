#pragma once

#include <cstdint>
#include <string_view>

#include <torch/types.h>

#include <tessera/comm/communicator.hpp>

namespace tessera::device {

/// What this rank computes on. `wanted`: "cpu"; "cuda", the GPU of the rank's number among the
/// ranks of its node, or the only one where the launcher shows each rank its own; "auto", a GPU
/// where every rank has one of its own, else the CPU for all, and a log line where there are GPUs.
/// Error(environment) when "cuda" finds none for a rank, or one for two. Collective.
torch::Device choose_device(comm::Communicator const& comm, std::string_view wanted);

/// What LibTorch's random operators on `device` draw from here on is a function of `seed`.
void seed_generator(torch::Device device, std::uint64_t seed);

/// Where the generator of `device` stands, and back there.
at::Tensor generator_state(torch::Device device);
void set_generator_state(torch::Device device, at::Tensor const& state);

}  // namespace tessera::device
