#include "origin.hpp"
#include "pretrain_objective.hpp"
#include "run_folder.hpp"
#include "settle_precision.hpp"
#include "step_batches.hpp"
#include "trainer.hpp"
#include "training_data.hpp"

#include <optional>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/device/compute_device.hpp>
#include <tessera/device/threads.hpp>
#include <tessera/device/work_graph.hpp>
#include <tessera/loader/bursts.hpp>
#include <tessera/loader/pretrain_source.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/model/pretrain_model.hpp>
#include <tessera/train/plan.hpp>
#include <tessera/train/pretrain.hpp>

namespace tessera::train {

using loader::PretrainSource;

void describe(base::OptionTable& options, PretrainConfig& config) {
    describe(options, config.loop);
    options.section("train")
        .add("split", config.split,
             "split of the store whose train and valid flows are used; empty: 7:1:2 by flow")
        .add("init_from", config.init_from, "run or bundle whose weights to begin with")
        .add("mlm_weight", config.mlm_weight,
             "weight of the masked-burst loss (the reference: 0.1)")
        .add("sop_weight", config.sop_weight, "weight of the same-origin loss")
        .add("kernels", config.kernels,
             "library: LibTorch's operators alone, as on GPUs; auto: on a CPU in fp32 functions of "
             "Tessera's own, which keep and move less",
             {"auto", "library"})
        .add("cuda_graph", config.cuda_graph,
             "a GPU records forward and backward pass once and replays them, gradients travel "
             "behind them; never run on a GPU so far");
    describe(options, config.model);
    describe(options, config.data);
}

namespace {

void check_all(PretrainConfig const& config, int ranks) {
    check(config.loop, ranks);
    check(config.model);
    check(config.data);
    base::validate(config.data.sequence_length <= config.model.positions, base::ExitCode::usage,
                   "data.sequence_length = {} is longer than model.positions = {}",
                   config.data.sequence_length, config.model.positions);
    base::validate(!config.cuda_graph || config.loop.overlap != "on", base::ExitCode::usage,
                   "train.cuda_graph and train.overlap = on exclude each other: in a graph, "
                   "nobody sees which gradients are ready; leave overlap at auto");
    base::validate(config.mlm_weight >= 0 && config.sop_weight >= 0 &&
                       config.mlm_weight + config.sop_weight > 0,
                   base::ExitCode::usage, "mlm_weight and sop_weight must not both be 0");
}

void check_vocabulary(PretrainConfig const& config, dataset::Store const& store) {
    auto const needed =
        batch::vocabulary_size(std::int64_t{store.manifest().identity.tokenizer.vocabulary});
    base::validate(config.model.vocabulary >= needed, base::ExitCode::usage,
                   "model.vocabulary = {} is too small for the store's tokenizer, which needs {}",
                   config.model.vocabulary, needed);
}

/// The bursts to learn from, and those held out to validate on.
struct Sources {
    Sources(TrainingData const& data, PretrainConfig const& config)
        : train_bursts(data.store, data.split, dataset::Fold::train),
          valid_bursts(data.store, data.split, dataset::Fold::valid),
          train(train_bursts, config.data, config.loop.seed, loader::Order::shuffled) {
        try {
            // Mixed: in the order of the store, the few batches of a validation would be of one
            // site.
            valid.emplace(valid_bursts, config.data, config.loop.seed, loader::Order::shuffled);
        } catch (base::Error const& fault) {
            base::log_warning("no validation: {}", fault.what());
        }
    }

    loader::StoreBursts train_bursts;
    loader::StoreBursts valid_bursts;
    PretrainSource train;
    std::optional<PretrainSource> valid;
};

std::optional<Origin> origin_of(PretrainConfig const& config, dataset::Store const& store,
                                std::optional<Origin> const& begun) {
    if (config.init_from.empty()) return std::nullopt;
    auto origin = origin_in(config.init_from, begun);
    require_same_tokens(origin, store.manifest().identity.settings);
    return origin;
}

model::PretrainModel make_model(PretrainConfig const& config, std::optional<Origin> const& origin) {
    model::PretrainModel model(config.model);
    model::initialise(*model, config.loop.seed);
    model->encoder()->set_dropout_seed(config.loop.seed);
    if (config.kernels == "library") model->encoder()->set_kernels(model::Kernels::library);
    if (origin) load_weights(*origin, *model, "");
    return model;
}

RunIdentity identity_of(PretrainConfig config, TrainingData const& data,
                        std::optional<Origin> const& origin) {
    base::OptionTable options;
    describe(options, config);
    auto identity =
        run_identity("pretrain", options, data.store, data.split, initial_weights(origin));
    identity.origin = facts_of(origin);
    return identity;
}

void record_passes(comm::Communicator const& comm, PretrainObjective& objective,
                   torch::Device device) {
    auto graph = device::make_work_graph(device);
    if (!graph && comm.is_root()) {
        base::log_warning("train.cuda_graph: {} records nothing, every step is launched anew",
                          device.str());
    }
    objective.record_passes(std::move(graph));
}

/// Seconds, from rates that are measured now on all ranks.
double predicted_step(comm::Communicator const& comm, PretrainConfig const& config,
                      torch::Device device, double fill) {
    auto rates = measured_rates(device, compute_type(config.loop.precision));
    rates.flops = comm::all_reduce(comm, rates.flops, comm::Op::sum) / comm.size();
    PlanConfig const where{
        .device = device.is_cpu() ? "cpu" : "cuda", .gpus = comm.size(), .store_fill = fill};
    return make_plan(config, where, rates).seconds_per_step;
}

void log_data(PretrainSource const& source, PretrainConfig const& config, double predicted) {
    auto const epochs = static_cast<double>(config.loop.train_iters) *
                        static_cast<double>(config.loop.global_batch_size) /
                        static_cast<double>(source.samples());
    base::log_info(
        "{} bursts to learn from ({} too short), {:.2f} passes over them, fill {:.0f} %; "
        "a step is predicted to take {:.3g} s",
        source.samples(), source.too_short(), epochs, 100 * source.fill(256), predicted);
}

}  // namespace

void pretrain(comm::Communicator const& comm, PretrainConfig const& asked, TrainMode const& mode) {
    comm::Watchdog const watchdog(comm, watched(asked.loop));
    comm::agreed(comm, [&] { check_all(asked, comm.size()); });
    device::give_back_freed_memory();
    device::set_threads(comm, asked.loop.threads);
    auto const device = device::choose_device(comm, asked.loop.device);
    auto config = asked;
    settle_precision(comm, config, device);
    auto const data = open_training_data(comm, config.loop, config.split);
    auto const begun = begun_with(comm, config.loop.run);
    std::optional<Sources> sources;
    std::optional<Origin> origin;
    model::PretrainModel model{nullptr};
    comm::agreed(comm, [&] {
        check_vocabulary(config, data.store);
        sources.emplace(data, config);
        origin = origin_of(config, data.store, begun);
        model = make_model(config, origin);
    });
    model->to(device);
    PretrainObjective objective(
        model, {config.mlm_weight, config.sop_weight},
        step_batches(sources->train, comm, config.loop),
        held_out_batches(sources->valid ? &*sources->valid : nullptr, comm, config.loop));
    if (config.cuda_graph) {
        config.loop.overlap = "off";
        record_passes(comm, objective, device);
    }
    auto identity = identity_of(config, data, origin);
    auto const predicted = predicted_step(comm, config, device, sources->train.fill(256));
    identity.predicted_step_seconds = predicted;
    auto const tell = [&] {
        if (comm.is_root()) log_data(sources->train, config, predicted);
    };
    if (mode.dry_run) return tell();
    Trainer trainer(comm, objective, config.loop, identity, mode.progress);
    keep_log(comm, config.loop.run);
    tell();
    trainer.run();
}

}  // namespace tessera::train
