#pragma once

#include <cstdint>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/batch/special.hpp>

namespace tessera::model {

/// Size and details of a BERT encoder (Devlin 2019; post-norm, GELU in its erf form). The default
/// is the small size; tiny, small and base stand in configs/model.
struct BertConfig {
    std::int64_t layers = 4;
    std::int64_t hidden = 256;                           ///< width H of a token's vector
    std::int64_t heads = 4;                              ///< attention heads; divides `hidden`
    std::int64_t feed_forward = 1024;                    ///< width inside the feed-forward part
    std::int64_t vocabulary = batch::bigram_vocabulary;  ///< ids, specials included
    std::int64_t positions = 512;                        ///< longest sequence
    std::int64_t segments = 2;       ///< rows of the segment table (the reference has 3: 0 = pad)
    double dropout = 0.1;            ///< after the embedding and each sub-layer
    double attention_dropout = 0.1;  ///< of attention weights
    bool tied_embeddings = true;     ///< the output layer uses the token table (reference: not)
    std::string layer_norm = "standard";  ///< "standard", or "unbiased": x / (deviation_n-1 + eps)
    double layer_norm_eps = 1e-12;        ///< the reference: 1e-6 beside the unbiased deviation

    /// Rows of the token table: `vocabulary` rounded up to a multiple of 64 (faster products);
    /// the extra rows have probability 0.
    std::int64_t padded_vocabulary() const { return (vocabulary + 63) / 64 * 64; }
};

/// The settings as options of section "model".
void describe(base::OptionTable& options, BertConfig& config);

/// Error(usage) names the first setting that makes no model.
void check(BertConfig const& config);

}  // namespace tessera::model
