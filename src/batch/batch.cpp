#include <numeric>

#include <tessera/batch/batch.hpp>

namespace tessera::batch {
namespace {

void move(torch::Tensor& tensor, torch::Device device) {
    if (device.is_cuda() && tensor.is_cpu()) tensor = tensor.pin_memory();
    tensor = tensor.to(device, /*non_blocking=*/true);
}

void move_sequences(Sequences& sequences, torch::Device device) {
    move(sequences.tokens, device);
    move(sequences.segments, device);
    if (device.is_cpu()) return;
    sequences.device_lengths = torch::tensor(sequences.lengths, torch::kInt64);
    move(sequences.device_lengths, device);
}

}  // namespace

std::int64_t Sequences::token_count() const {
    return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
}

torch::Tensor Sequences::first_places() const {
    return torch::arange(0, size() * width(), width(), tokens.options().dtype(torch::kInt64));
}

PretrainBatch to_device(PretrainBatch batch, torch::Device device) {
    move_sequences(batch, device);
    move(batch.masked_positions, device);
    move(batch.masked_targets, device);
    move(batch.masked_weights, device);
    move(batch.same_origin, device);
    return batch;
}

ClassifierBatch to_device(ClassifierBatch batch, torch::Device device) {
    move_sequences(batch, device);
    move(batch.labels, device);
    if (batch.packets.defined()) move(batch.packets, device);
    return batch;
}

}  // namespace tessera::batch
