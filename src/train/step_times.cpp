#include "adamw.hpp"
#include "gradient_norm.hpp"
#include "loss_scaler.hpp"
#include "precision.hpp"

#include <tessera/base/random.hpp>
#include <tessera/base/time.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/loader/bursts.hpp>
#include <tessera/loader/pretrain_source.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/model/pretrain_model.hpp>
#include <tessera/parallel/flat_parameters.hpp>
#include <tessera/train/step_times.hpp>

namespace tessera::train {

namespace {

/// Sequences of random ids with the first tokens of each as masked places: their values do not
/// change what a step costs.
batch::PretrainBatch random_batch(model::BertConfig const& config, StepShape const& shape) {
    auto const masked = std::lround(masked_share * static_cast<double>(shape.tokens));
    batch::PretrainBatch batch;
    batch.tokens = torch::randint(batch::token_offset, config.vocabulary,
                                  {shape.sequences, shape.tokens}, torch::kLong);
    batch.segments = torch::zeros_like(batch.tokens);
    batch.lengths.assign(static_cast<std::size_t>(shape.sequences), shape.tokens);
    for (std::int64_t i = 0; i < shape.sequences; ++i) {
        batch.keys.push_back(static_cast<std::uint64_t>(i));
        batch.samples.push_back(static_cast<std::uint64_t>(i));
    }
    auto const rows = torch::arange(shape.sequences).unsqueeze(1) * shape.tokens;
    batch.masked_positions = (rows + torch::arange(1, masked + 1)).reshape(-1);
    batch.masked_targets = batch.tokens.reshape(-1).index_select(0, batch.masked_positions);
    batch.masked_weights = torch::ones({shape.sequences * masked});
    batch.masked_count = shape.sequences * masked;
    batch.same_origin = torch::randint(0, 2, {shape.sequences}, torch::kLong);
    return batch;
}

}  // namespace

std::vector<double> step_times(model::BertConfig const& config, StepShape const& shape) {
    device::give_back_freed_memory();
    at::set_num_threads(static_cast<int>(shape.threads));
    model::PretrainModel model(config);
    model::initialise(*model, 1);
    model->to(shape.device);
    model->train();
    auto const type = compute_type(shape.precision);
    parallel::FlatParameters parameters(*model, type);
    AdamW optimizer(parameters, {});
    device::keep_freed_memory();
    LossScaler scaler(shape.device, type);
    auto const batch = batch::to_device(random_batch(config, shape), shape.device);
    std::vector<double> seconds;
    for (std::int64_t step = 0; step < shape.warm_up + shape.steps; ++step) {
        base::Stopwatch const clock;
        parameters.zero_gradients();
        auto const output = model->forward(batch);
        auto const loss =
            output.mlm_loss_sum / batch.masked_count + output.same_origin_loss_sum / batch.size();
        scaler.scaled(loss).backward();
        parameters.collect(0, parameters.trainable());
        auto const norm = gradient_norm({}, parameters, nullptr) / scaler.scale();
        auto const bad = norm.isfinite().logical_not().to(at::kFloat);
        optimizer.step(1e-4, clip_divisor(norm, 1) * scaler.scale(), bad);
        scaler.update(bad);
        parameters.refresh();
        norm.item<float>();  // a GPU is waited for
        if (step >= shape.warm_up) seconds.push_back(clock.seconds());
    }
    return seconds;
}

std::vector<double> loading_times(std::filesystem::path const& store, StepShape const& shape) {
    auto const opened = dataset::open_store(store, dataset::StoreCheck::sizes);
    loader::StoreBursts const bursts(opened);
    loader::PretrainSource const source(bursts, {.sequence_length = shape.tokens}, 1,
                                        loader::Order::shuffled);
    std::vector<double> seconds;
    for (std::int64_t step = 0; step < shape.warm_up + shape.steps; ++step) {
        base::Stopwatch const clock;
        auto const batch =
            source.batch(static_cast<std::uint64_t>(step * shape.sequences), shape.sequences);
        if (step >= shape.warm_up) seconds.push_back(clock.seconds());
    }
    return seconds;
}

}  // namespace tessera::train
