#pragma once

#include <string_view>

#include <torch/nn/module.h>

#include <tessera/comm/communicator.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::parallel {

/// Gives every rank the root's bytes of a tensor, by way of the host. Collective.
void replicate(comm::Communicator const& comm, at::Tensor const& tensor);

/// The same for all parameters and for the module's buffers (running statistics).
void replicate(comm::Communicator const& comm, FlatParameters const& parameters,
               torch::nn::Module const& module);

/// AgreedError(failed) that names the first parameter whose bits differ between ranks: replicas
/// have drifted apart and what is trained is no longer one model. Compares an order-independent
/// 64-bit sum of the bits of every tensor. Collective; the same outcome on every rank.
void check_replicas(comm::Communicator const& comm, FlatParameters const& parameters,
                    std::string_view when);

}  // namespace tessera::parallel
