#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::model {

class Dropout;
class RowLayout;
class EmbeddingImpl;
class TransformerLayerImpl;

/// Who computes. Own: functions of this stage on the host in float32, where padding takes no row.
/// Library: LibTorch's operators on any device and in any floating type, with constant shapes;
/// dropout draws from the device's generator. Automatic: own where that can be.
enum class Kernels { automatic, own, library };

struct EncoderOutput {
    torch::Tensor rows;                       ///< [R, H], see `layout`
    std::shared_ptr<RowLayout const> layout;  ///< where the rows stand

    /// [N, H] rows of the flat places b*S + s.
    torch::Tensor rows_at(torch::Tensor const& places) const;

    /// [B, H] rows of the first tokens ([CLS]).
    torch::Tensor first() const;

    /// [B, S, H], 0 where packing left padding out.
    torch::Tensor unpacked() const;
};

/// BERT encoder: embedding and post-norm transformer layers (Devlin 2019).
/// Dropout acts in training mode; with own kernels its mask is a pure function of (seed, key of the
/// sequence), see batch::Sequences::keys.
class BertEncoderImpl : public torch::nn::Module {
  public:
    explicit BertEncoderImpl(BertConfig const& config);

    /// Sequences at most `positions` wide; Error(bad_input) otherwise.
    EncoderOutput forward(batch::Sequences const& sequences);

    /// [N, H] what `forward` gives at `places` [N] (flat, b*S + s), in their order: all that heads
    /// read. The last layer computes little else, which in a model of four layers saves a fifth.
    torch::Tensor rows_at(batch::Sequences const& sequences, torch::Tensor const& places);

    /// Outputs [R, H] of the embedding and of each layer, for comparisons.
    std::vector<EncoderOutput> forward_all(batch::Sequences const& sequences);

    /// The same from given embeddings [B, S, H]; tokens are seen where `visible` [B, S] is not 0.
    torch::Tensor transform(torch::Tensor const& embedded, torch::Tensor const& visible);

    void set_dropout_seed(std::uint64_t seed) { dropout_seed_ = seed; }
    std::uint64_t dropout_seed() const { return dropout_seed_; }
    void set_kernels(Kernels kernels) { kernels_ = kernels; }

    /// What `automatic` comes to for the parameters as they are now.
    Kernels kernels() const;

    /// [V padded, H] rows of the token embedding.
    torch::Tensor const& token_table() const;

    BertConfig const& config() const { return config_; }

  private:
    std::shared_ptr<RowLayout const> layout_of(batch::Sequences const& sequences) const;
    Dropout dropout_of(batch::Sequences const& sequences, RowLayout const& layout) const;
    void check_width(batch::Sequences const& sequences) const;

    BertConfig config_;
    std::uint64_t dropout_seed_ = 0;
    Kernels kernels_ = Kernels::automatic;
    std::shared_ptr<EmbeddingImpl> embedding_;
    std::vector<std::shared_ptr<TransformerLayerImpl>> layers_;
};
TORCH_MODULE(BertEncoder);

}  // namespace tessera::model
