#include <tessera/base/error.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::model {
namespace {

void check_at_least_one(char const* name, std::int64_t value) {
    base::validate(value >= 1 && value <= (std::int64_t{1} << 31), base::ExitCode::usage,
                   "model.{} = {} must lie between 1 and 2^31", name, value);
}

void check_share(char const* name, double value) {
    base::validate(value >= 0 && value < 1, base::ExitCode::usage,
                   "model.{} = {} must be at least 0 and below 1", name, value);
}

}  // namespace

void describe(base::OptionTable& options, BertConfig& config) {
    options.section("model")
        .add("layers", config.layers, "transformer layers")
        .add("hidden", config.hidden, "width of a token's vector")
        .add("heads", config.heads, "attention heads; must divide hidden")
        .add("feed_forward", config.feed_forward, "width inside the feed-forward part")
        .add("vocabulary", config.vocabulary, "ids, the 5 special ones included")
        .add("positions", config.positions, "longest sequence in tokens")
        .add("segments", config.segments, "rows of the segment embedding")
        .add("dropout", config.dropout, "share dropped after embedding and sub-layers")
        .add("attention_dropout", config.attention_dropout, "share of attention weights dropped")
        .add("tied_embeddings", config.tied_embeddings,
             "output layer shares the token embedding (ET-BERT's code: false)")
        .add("layer_norm", config.layer_norm,
             "standard, or unbiased as in ET-BERT's code (eps beside the n-1 deviation)",
             {"standard", "unbiased"})
        .add("layer_norm_eps", config.layer_norm_eps, "added to the variance (or deviation)");
}

void check(BertConfig const& config) {
    check_at_least_one("layers", config.layers);
    check_at_least_one("hidden", config.hidden);
    check_at_least_one("heads", config.heads);
    check_at_least_one("feed_forward", config.feed_forward);
    check_at_least_one("vocabulary", config.vocabulary);
    check_at_least_one("positions", config.positions);
    check_at_least_one("segments", config.segments);
    check_share("dropout", config.dropout);
    check_share("attention_dropout", config.attention_dropout);
    base::validate(config.hidden % config.heads == 0, base::ExitCode::usage,
                   "model.heads = {} must divide model.hidden = {}", config.heads, config.hidden);
    base::validate(
        config.layer_norm == "standard" || config.layer_norm == "unbiased", base::ExitCode::usage,
        "model.layer_norm = '{}' is neither 'standard' nor 'unbiased'", config.layer_norm);
    base::validate(config.layer_norm_eps > 0, base::ExitCode::usage,
                   "model.layer_norm_eps = {} must be above 0", config.layer_norm_eps);
}

}  // namespace tessera::model
