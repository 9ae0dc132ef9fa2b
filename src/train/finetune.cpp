#include "classifier_bundle.hpp"
#include "classifier_objective.hpp"
#include "origin.hpp"
#include "run_folder.hpp"
#include "step_batches.hpp"
#include "trainer.hpp"
#include "training_data.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/device/threads.hpp>
#include <tessera/loader/classifier_source.hpp>
#include <tessera/model/classifier.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/train/allocator.hpp>
#include <tessera/train/finetune.hpp>

namespace tessera::train {

using loader::ClassifierSource;

FinetuneConfig::FinetuneConfig() {
    loop.lr = 1e-4;
    loop.micro_batch_size = 16;
    loop.global_batch_size = 32;
    loop.eval_iters = 0;
}

void describe(base::OptionTable& options, FinetuneConfig& config) {
    describe(options, config.loop);
    options.section("train")
        .add("init", config.init, "run or bundle whose encoder to begin with, or none")
        .add("split", config.split, "split of the store (made by tessera split)")
        .add("labels", config.labels, "label set of the store; empty: its first")
        .add("epochs", config.epochs, "passes over the training fold; 0: train_iters counts")
        .add("class_weights", config.class_weights,
             "balanced: every class counts the same, however rare", {"none", "balanced"})
        .add("freeze_encoder", config.freeze_encoder, "train the head alone")
        .add("bundle", config.bundle, "folder for the bundle; empty: RUN/bundle");
    describe(options, config.model);
    describe(options, config.data);
}

namespace {

/// Everything of a run that is read from the store.
struct Task {
    Task(TrainingData const& data, FinetuneConfig const& config, std::size_t set)
        : label_set(data.store.manifest().labels[set]),
          train(data.store, data.split.flows(dataset::Fold::train), set, config.data,
                config.loop.seed, loader::Order::shuffled,
                data.split.packets_in(dataset::Fold::train)) {
        try {
            valid.emplace(data.store, data.split.flows(dataset::Fold::valid), set, config.data,
                          config.loop.seed, loader::Order::plain,
                          data.split.packets_in(dataset::Fold::valid));
        } catch (base::Error const& fault) {
            base::log_warning("no validation, the last weights count: {}", fault.what());
        }
    }

    dataset::LabelSet const& label_set;
    ClassifierSource train;
    std::optional<ClassifierSource> valid;
};

std::size_t label_set_of(dataset::Store const& store, std::string const& name) {
    auto const& sets = store.manifest().labels;
    base::validate(!sets.empty(), base::ExitCode::usage,
                   "'{}' has no labels: preprocess with --labels",
                   base::printable(store.path().string()));
    if (name.empty()) return 0;
    auto const found = store.label_set(name);
    base::validate(found.has_value(), base::ExitCode::usage, "'{}' has no label set '{}'",
                   base::printable(store.path().string()), base::printable(name));
    return *found;
}

std::vector<std::int64_t> class_counts(ClassifierSource const& source, std::size_t classes) {
    std::vector<std::int64_t> counts(classes);
    for (std::uint64_t i = 0; i < source.samples(); ++i) {
        ++counts[static_cast<std::size_t>(source.unit(i).label)];
    }
    return counts;
}

/// Samples / (classes * samples of the class); 1 for a class without samples.
std::vector<double> class_weights(ClassifierSource const& source, std::size_t classes,
                                  std::string const& style) {
    std::vector<double> weights(classes, 1.0);
    if (style == "none") return weights;
    auto const counts = class_counts(source, classes);
    auto const share = static_cast<double>(source.samples()) / static_cast<double>(classes);
    for (std::size_t c = 0; c < classes; ++c) {
        if (counts[c] > 0) weights[c] = share / static_cast<double>(counts[c]);
    }
    return weights;
}

void log_data(Task const& task, FinetuneConfig const& config) {
    base::log_info("{} {}s of {} classes to learn from, {} steps", task.train.samples(),
                   config.data.level, task.label_set.classes.size(), config.loop.train_iters);
    auto const counts = class_counts(task.train, task.label_set.classes.size());
    for (std::size_t c = 0; c < counts.size(); ++c) {
        if (counts[c] == 0)
            base::log_warning("class '{}' has nothing to learn from in this split",
                              base::printable(task.label_set.classes[c]));
    }
}

/// Settings that follow from others: the size of the model from its origin, steps from epochs.
FinetuneConfig resolved(FinetuneConfig config, std::optional<Origin> const& origin,
                        std::uint64_t samples) {
    if (origin) {
        auto const dropout = config.model.dropout;
        auto const attention_dropout = config.model.attention_dropout;
        config.model = origin->model;
        config.model.dropout = dropout;
        config.model.attention_dropout = attention_dropout;
    }
    if (config.epochs > 0) {
        auto const steps = config.epochs * static_cast<double>(samples) /
                           static_cast<double>(config.loop.global_batch_size);
        config.loop.train_iters = std::max<std::int64_t>(1, std::llround(std::ceil(steps)));
    }
    if (config.bundle.empty()) config.bundle = config.loop.run / "bundle";
    return config;
}

void check_all(FinetuneConfig const& config, int ranks) {
    check(config.loop, ranks);
    check(config.model);
    check(config.data);
    base::validate(config.data.sequence_length <= config.model.positions, base::ExitCode::usage,
                   "data.sequence_length = {} is longer than the {} positions of the model",
                   config.data.sequence_length, config.model.positions);
}

model::Classifier make_model(FinetuneConfig const& config, std::optional<Origin> const& origin,
                             std::size_t classes) {
    model::Classifier model(config.model, static_cast<std::int64_t>(classes));
    model::initialise(*model, config.loop.seed);
    model->encoder()->set_dropout_seed(config.loop.seed);
    if (origin) load_weights(*origin, *model, "encoder.");
    model->freeze_encoder(config.freeze_encoder);
    return model;
}

std::optional<Origin> origin_of(FinetuneConfig const& config, dataset::Store const& store) {
    if (config.init == "none" || config.init.empty()) return std::nullopt;
    auto origin = open_origin(config.init);
    require_same_tokens(origin, store.manifest().identity.settings);
    return origin;
}

/// What `finetune` works on, once everything has been read and checked.
struct Setup {
    FinetuneConfig config;
    TrainingData const& data;
    std::optional<Task> task;
    std::optional<model::Classifier> model;
};

void set_up(Setup& setup, int ranks) {
    auto& config = setup.config;
    check(config.loop, ranks);
    check(config.data);
    auto const& store = setup.data.store;
    auto const origin = origin_of(config, store);
    setup.task.emplace(setup.data, config, label_set_of(store, config.labels));
    config = resolved(config, origin, setup.task->train.samples());
    check_all(config, ranks);
    setup.model = make_model(config, origin, setup.task->label_set.classes.size());
}

}  // namespace

void finetune(comm::Communicator const& comm, FinetuneConfig const& config,
              base::ProgressMode progress) {
    comm::Watchdog const watchdog(comm, watched(config.loop));
    comm::agreed(comm, [&] { check(config.loop, comm.size()); });
    keep_freed_memory();
    device::set_threads(comm, config.loop.threads);
    auto const data = open_training_data(comm, config.loop, config.split);
    Setup setup{.config = config, .data = data, .task = {}, .model = {}};
    comm::agreed(comm, [&] { set_up(setup, comm.size()); });
    auto& final_config = setup.config;
    auto const& task = *setup.task;
    ClassifierObjective objective(
        *setup.model,
        class_weights(task.train, task.label_set.classes.size(), final_config.class_weights),
        step_batches(task.train, comm, final_config.loop),
        held_out_batches(task.valid ? &*task.valid : nullptr, comm, final_config.loop));
    base::OptionTable options;
    describe(options, final_config);
    auto const identity = run_identity("finetune", options, data.store, data.split);
    Trainer trainer(comm, objective, final_config.loop, identity, progress);
    keep_log(comm, final_config.loop.run);
    if (comm.is_root()) log_data(task, final_config);
    trainer.run();
    trainer.load_best();
    comm::agreed(comm, [&] {
        if (!comm.is_root()) return;
        publish_bundle(final_config, identity, data.store, task.label_set, **setup.model,
                       trainer.state());
    });
}

}  // namespace tessera::train
