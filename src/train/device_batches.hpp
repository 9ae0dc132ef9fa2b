#pragma once

#include <vector>

#include <torch/nn/module.h>

#include <tessera/batch/batch.hpp>
#include <tessera/device/side_stream.hpp>

namespace tessera::train {

/// Where a module's parameters lie.
inline torch::Device device_of(torch::nn::Module const& module) {
    auto const parameters = module.parameters();
    return parameters.empty() ? torch::Device(torch::kCPU) : parameters.front().device();
}

inline void hand_over(device::SideStream& stream, batch::PretrainBatch const& batch) {
    for (auto const& tensor :
         {batch.tokens, batch.segments, batch.device_lengths, batch.masked_positions,
          batch.masked_targets, batch.masked_weights, batch.same_origin})
        stream.hand_over(tensor);
}

inline void hand_over(device::SideStream& stream, batch::ClassifierBatch const& batch) {
    for (auto const& tensor :
         {batch.tokens, batch.segments, batch.device_lengths, batch.packets, batch.labels})
        stream.hand_over(tensor);
}

/// Batches of a step on the device of `stream`. On a GPU they travel there beside what it still
/// computes of the step before.
template <class Batch>
std::vector<Batch> on_device(std::vector<Batch> batches, device::SideStream& stream) {
    stream.run([&] {
        for (auto& batch : batches) batch = batch::to_device(std::move(batch), stream.device());
    });
    stream.join();
    for (auto const& batch : batches) hand_over(stream, batch);
    return batches;
}

}  // namespace tessera::train
