#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace tessera::batch {

/// B token sequences of at most S ids, filled up with padding. B and S are the micro-batch size and
/// the sequence length; everything here is made on the host.
struct Sequences {
    torch::Tensor tokens;                ///< [B, S] int64, ids (see special.hpp), pad_id at the end
    torch::Tensor segments;              ///< [B, S] int64, row of the segment embedding
    std::vector<std::int64_t> lengths;   ///< [B] ids before the padding, at least 1; stays on host
    torch::Tensor device_lengths;        ///< [B] int64, the same beside tokens; undefined on host
    std::vector<std::uint64_t> keys;     ///< [B] place in the endless sample order: keys dropout
    std::vector<std::uint64_t> samples;  ///< [B] index in the set the batch was drawn from

    std::int64_t size() const { return tokens.size(0); }
    std::int64_t width() const { return tokens.size(1); }
    std::int64_t token_count() const;    ///< ids before the padding, over all sequences
    torch::Tensor first_places() const;  ///< [B] int64, b*S: flat places of the first ids
};

/// Masked-burst and same-origin pre-training. K slots a sequence hold the masked places of the
/// whole batch, the used ones first; the rest has weight 0 and points at place 0.
struct PretrainBatch : Sequences {
    torch::Tensor masked_positions;  ///< [B*K] int64, flat place b*S + s
    torch::Tensor masked_targets;    ///< [B*K] int64, the id that stood there
    torch::Tensor masked_weights;    ///< [B*K] float, 1 for a used slot, else 0
    std::int64_t masked_count = 0;   ///< used slots
    torch::Tensor same_origin;       ///< [B] int64, values of Origin
};

/// Columns of ClassifierBatch::packets.
enum PacketColumn : std::int64_t {
    direction_column,  ///< 1 from the flow's first sender, -1 to it, 0: no packet
    payload_column,    ///< bytes of transport payload on the wire
    gap_column,        ///< s since the packet before, never below 0; 0 for the first
    flags_column,      ///< TCP flag byte, 0 for UDP
    packet_columns
};

/// Sequences with a class each, and what their first N packets show beside their bytes.
struct ClassifierBatch : Sequences {
    torch::Tensor packets;      ///< [B, N, packet_columns] float; undefined: tokens alone are read
    torch::Tensor labels;       ///< [B] int64, -1: none
    std::int64_t labelled = 0;  ///< labels that are not -1
};

/// The same batch with its tensors on `device`; host fields stay. Towards a GPU the copies are
/// queued on its current stream, out of pinned memory: the host does not wait for them.
PretrainBatch to_device(PretrainBatch batch, torch::Device device);
ClassifierBatch to_device(ClassifierBatch batch, torch::Device device);

}  // namespace tessera::batch
