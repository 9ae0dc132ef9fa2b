#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <tessera/base/error.hpp>
#include <tessera/parallel/gradient_reducer.hpp>
#include <tessera/train/plan.hpp>

namespace tessera::train {

namespace {

constexpr double float_bytes = 4;

double as_double(std::int64_t value) {
    return static_cast<double>(value);
}

std::int64_t dense(std::int64_t in, std::int64_t out) {
    return in * out + out;
}

/// Gradient buffers in which subtrees wait, see parallel::GradientReducer.
double waiting_buffers(std::int64_t micro_batches, int ranks) {
    auto const own = static_cast<std::uint64_t>((micro_batches + ranks - 1) / ranks);
    bool const tree =
        parallel::natural_reduction(micro_batches, ranks) == parallel::Reduction::tree;
    return tree ? std::max(static_cast<double>(std::bit_width(own)) - 2, 0.0) : 0;
}

double reduce_seconds(double parameters, PlanConfig const& plan, DeviceRates const& rates) {
    if (plan.gpus == 1) return 0;
    auto const ranks = static_cast<double>(plan.gpus);
    auto const bytes = parameters * rates.gradient_bytes;
    // On GPUs a ring that the backward pass hides but for the embedding, about a third; on CPUs
    // pairs exchange whole gradients, log2(ranks) times, behind the backward pass.
    return plan.device == "cpu" ? bytes * std::ceil(std::log2(ranks)) / rates.network_rate
                                : bytes / 3 * 2 * (ranks - 1) / ranks / rates.network_rate;
}

/// Tessera's own functions, on a CPU in fp32, leave padding out; LibTorch's operators compute it.
bool computes_padding(PretrainConfig const& config, PlanConfig const& plan) {
    bool const floats = config.loop.precision == "auto" || config.loop.precision == "fp32";
    return plan.device != "cpu" || config.kernels == "library" || !floats;
}

}  // namespace

void describe(base::OptionTable& options, PlanConfig& config) {
    options.section("plan")
        .add("device", config.device, "what trains", {"cpu", "v100", "a100", "h100"})
        .add("gpus", config.gpus, "devices; on CPUs: ranks")
        .add("tera_flops", config.tera_flops,
             "matrix products of one device, 10^12/s; 0: data sheet, on a CPU measured here")
        .add("store_fill", config.store_fill,
             "share of a sequence that is no padding, as pretrain prints it; GPUs compute padding "
             "too");
}

std::int64_t parameter_count(model::BertConfig const& config) {
    auto const h = config.hidden;
    auto const norm = 2 * h;
    auto const layer = dense(h, 3 * h) + dense(h, h) + dense(h, config.feed_forward) +
                       dense(config.feed_forward, h) + 2 * norm;
    auto const embedding =
        (config.padded_vocabulary() + config.positions + config.segments) * h + norm;
    auto const masked_head = dense(h, h) + norm + config.padded_vocabulary() +
                             (config.tied_embeddings ? 0 : config.padded_vocabulary() * h);
    auto const same_origin_head = dense(h, h) + dense(h, 2);
    return embedding + config.layers * layer + masked_head + same_origin_head;
}

double sequence_flops(model::BertConfig const& config, double tokens, double masked) {
    auto const h = as_double(config.hidden);
    auto const layers = as_double(config.layers);
    auto const read = masked + 1;  // and the first token
    auto const layer = 4 * h * h + 2 * h * as_double(config.feed_forward);
    auto const keys_and_values = 2 * h * h;
    auto const weights =
        ((layers - 1) * layer + keys_and_values) * tokens + (layer - keys_and_values) * read;
    auto const head = masked * (h * h + h * as_double(config.padded_vocabulary()));
    return 6 * weights + 12 * h * tokens * ((layers - 1) * tokens + read) + 6 * head;
}

std::vector<MemoryPart> step_memory(model::BertConfig const& config, double sequences, double rows,
                                    double masked) {
    auto const h = as_double(config.hidden);
    auto const f = as_double(config.feed_forward);
    auto const vocabulary = as_double(config.padded_vocabulary());
    auto const parameters = as_double(parameter_count(config)) * float_bytes;
    // Kept a row and layer: input, queries, keys, values, mixture, both sums before the norms, the
    // first norm's result: 8 H; and what goes into GELU: F. Of the last layer input, keys and
    // values, and the rest for the rows that heads read.
    auto const layers = as_double(config.layers - 1) * (8 * h + f) + 3 * h + 2 * h;
    auto const read = (masked + sequences) * (6 * h + f);
    auto const logits = masked * vocabulary * float_bytes;
    // A table's gradient is there twice: of the output layer, and where that of the embedding is
    // added to it, for which the heap finds room where the logits were: two thirds of it, between
    // what was measured with MKL (all) and with oneDNN (some).
    auto const table = vocabulary * h * float_bytes;
    // In the backward pass of one layer: gradient and value of GELU, one of them turned over.
    auto const work = 3 * f + 4 * h;
    return {{"program and libraries", 1.6e8},
            {"weights", parameters},
            {"gradients", parameters},
            {"moments", 2 * parameters},
            {"activations", (rows * layers + read) * float_bytes},
            {"logits", logits},
            {"gradient of the vocabulary", 2 * table - std::min(table, logits) * 2 / 3},
            {"work space", rows * work * float_bytes}};
}

double total(std::vector<MemoryPart> const& parts) {
    return std::accumulate(parts.begin(), parts.end(), 0.0,
                           [](double sum, auto const& part) { return sum + part.bytes; });
}

Plan make_plan(PretrainConfig const& config, PlanConfig const& plan, DeviceRates const& rates) {
    base::validate(plan.gpus > 0 && plan.store_fill > 0 && plan.store_fill <= 1,
                   base::ExitCode::usage,
                   "plan.gpus must be positive and plan.store_fill lie in (0, 1]");
    auto const& loop = config.loop;
    base::validate(
        loop.micro_batch_size > 0 && loop.global_batch_size >= loop.micro_batch_size,
        base::ExitCode::usage,
        "train.micro_batch_size = {} must be positive and at most global_batch_size = {}",
        loop.micro_batch_size, loop.global_batch_size);
    auto const ranks = static_cast<int>(plan.gpus);
    auto const length = as_double(config.data.sequence_length);
    auto const tokens = length * plan.store_fill;
    auto const rows = computes_padding(config, plan) ? length : tokens;  // of a sequence
    auto const masked = as_double(batch::masked_slots(config.data.masking, std::llround(rows)));
    Plan result;
    result.parameters = parameter_count(config.model);
    auto const parameters = as_double(result.parameters);
    result.sequences = as_double(loop.train_iters) * as_double(loop.global_batch_size);
    result.tokens = result.sequences * tokens;
    result.flops_per_step =
        as_double(loop.global_batch_size) * sequence_flops(config.model, rows, masked);
    // Weights, gradients and moments are read, all but the gradients written: 28 bytes; the norm
    // and setting gradients to zero go over 8 more.
    result.update_seconds = parameters * 36 / rates.memory_rate;
    result.reduce_seconds = reduce_seconds(parameters, plan, rates);
    result.seconds_per_step =
        result.flops_per_step / as_double(plan.gpus) / (rates.flops * rates.share) +
        result.update_seconds + result.reduce_seconds;
    result.hours = result.seconds_per_step * as_double(loop.train_iters) / 3600;
    auto const micro_batch = as_double(loop.micro_batch_size);
    result.memory =
        step_memory(config.model, micro_batch, micro_batch * rows, micro_batch * masked);
    result.memory.push_back({"sums of micro-batches", waiting_buffers(loop.micro_batches(), ranks) *
                                                          parameters * float_bytes});
    result.checkpoint_bytes = 3 * parameters * float_bytes;
    result.memory.push_back({"checkpoint being written", result.checkpoint_bytes});
    auto const kept_for_good = loop.keep_every > 0 ? loop.train_iters / loop.keep_every : 0;
    result.storage_bytes = result.checkpoint_bytes * as_double(loop.keep_last + 1 + kept_for_good);
    return result;
}

}  // namespace tessera::train
