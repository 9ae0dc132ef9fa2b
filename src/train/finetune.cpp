#include "classifier_bundle.hpp"
#include "classifier_objective.hpp"
#include "layer_coder_objective.hpp"
#include "origin.hpp"
#include "run_folder.hpp"
#include "settle_precision.hpp"
#include "step_batches.hpp"
#include "trainer.hpp"
#include "training_data.hpp"

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/device/compute_device.hpp>
#include <tessera/device/threads.hpp>
#include <tessera/loader/classifier_source.hpp>
#include <tessera/model/classifier.hpp>
#include <tessera/model/packet_sae.hpp>
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
        .add("labels", config.labels, "label set of the store; empty: the first of its names")
        .add("epochs", config.epochs, "passes over the training fold; 0: train_iters counts")
        .add("class_weights", config.class_weights,
             "balanced: every class counts the same, however rare", {"none", "balanced"})
        .add("layer_iters", config.layer_iters,
             "stacked auto-encoder: steps of each layer's own training; 0: train_iters")
        .add("freeze_encoder", config.freeze_encoder, "train the head alone")
        .add("shuffle_labels", config.shuffle_labels,
             "a control: labels of training flows change places; what is learnt then is chance, or "
             "a leak")
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
        if (config.shuffle_labels) train.shuffle_labels();
        try {
            // Mixed: in the order of captures, the first of a part would be of one class.
            valid.emplace(data.store, data.split.flows(dataset::Fold::valid), set, config.data,
                          config.loop.seed, loader::Order::shuffled,
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
    base::log_info("{} {}s of {} classes ('{}') to learn from, {} steps", task.train.samples(),
                   config.data.level, task.label_set.classes.size(),
                   base::printable(task.label_set.name), config.loop.train_iters);
    auto const counts = class_counts(task.train, task.label_set.classes.size());
    for (std::size_t c = 0; c < counts.size(); ++c) {
        if (counts[c] == 0)
            base::log_warning("class '{}' has nothing to learn from in this split",
                              base::printable(task.label_set.classes[c]));
    }
}

/// Deep Packet's nets take what the store's tokenizer makes of single packets.
void settle_data(FinetuneConfig& config, dataset::Store const& store) {
    if (!model::reads_packet_bytes(config.model)) return;
    config.data.level = "packet";
    config.data.inputs = "tokens";
    config.data.sequence_length = model::packet_sequence_length;
    auto const& tokenizer = store.manifest().identity.tokenizer;
    auto const bytes = tokenizer.vocabulary == 256;
    base::validate(bytes || tokenizer.name == "bigram", base::ExitCode::usage,
                   "tokens of '{}' are no bytes: preprocess the captures with --tokenizer "
                   "deep-packet, byte or bigram",
                   base::printable(tokenizer.name));
    config.model.byte_tokens = bytes ? "bytes" : "bigrams";
}

/// Settings that follow from others: the size of the model from its origin, steps from epochs.
FinetuneConfig resolved(FinetuneConfig config, std::optional<Origin> const& origin,
                        std::uint64_t samples) {
    if (origin) {
        auto& bert = config.model.bert;
        auto const dropout = bert.dropout;
        auto const attention_dropout = bert.attention_dropout;
        bert = origin->model;
        bert.dropout = dropout;
        bert.attention_dropout = attention_dropout;
    }
    if (config.epochs > 0) {
        auto const steps = config.epochs * static_cast<double>(samples) /
                           static_cast<double>(config.loop.global_batch_size);
        config.loop.train_iters = std::max<std::int64_t>(1, std::llround(std::ceil(steps)));
    }
    if (config.bundle.empty()) config.bundle = config.loop.run / "bundle";
    return config;
}

/// Features of packets keep float32: only a net that reads tokens alone may round.
bool may_be_half(FinetuneConfig const& config) {
    return !model::reads_packet_bytes(config.model) && config.data.inputs == "tokens";
}

void check_all(FinetuneConfig const& config, int ranks) {
    check(config.loop, ranks);
    check(config.model);
    check(config.data);
    base::validate(!batch::reads_tokens(config.data) || model::reads_packet_bytes(config.model) ||
                       config.data.sequence_length <= config.model.bert.positions,
                   base::ExitCode::usage,
                   "data.sequence_length = {} is longer than the {} positions of the model",
                   config.data.sequence_length, config.model.bert.positions);
    auto const& precision = config.loop.precision;
    base::validate(
        precision == "auto" || precision == "fp32" || may_be_half(config), base::ExitCode::usage,
        "precision {} is for ET-BERT on --inputs tokens: this model wants fp32", precision);
}

std::shared_ptr<model::Classifier> make_model(FinetuneConfig const& config,
                                              std::optional<Origin> const& origin,
                                              std::size_t classes) {
    auto model =
        model::make_classifier(config.model, config.data, static_cast<std::int64_t>(classes));
    model->initialise(config.loop.seed);
    if (origin) load_encoder(*origin, *model);
    if (config.freeze_encoder) model->freeze_encoder();
    return model;
}

std::optional<Origin> origin_of(FinetuneConfig const& config, dataset::Store const& store,
                                std::optional<Origin> const& begun) {
    if (config.init == "none" || config.init.empty()) return std::nullopt;
    base::validate(batch::reads_tokens(config.data) && !model::reads_packet_bytes(config.model),
                   base::ExitCode::usage,
                   "train.init = '{}': this model has no pre-trained encoder to begin with",
                   base::printable(config.init));
    auto origin = origin_in(config.init, begun);
    require_same_tokens(origin, store.manifest().identity.settings);
    return origin;
}

/// What `finetune` works on, once everything has been read and checked.
struct Setup {
    FinetuneConfig config;
    TrainingData const& data;
    std::optional<Origin> begun;  ///< what the run began with, when it goes on
    std::optional<Task> task = {};
    std::optional<Origin> origin = {};                 ///< the pre-training; none: no init
    std::optional<std::uint64_t> test_flows_seen = 0;  ///< by the pre-training; none: not known
    std::shared_ptr<model::Classifier> model = {};
};

// Asked before the training: a bundle takes the place of nothing but a bundle.
void check_bundle(FinetuneConfig const& config) {
    checkpoint::require_bundle_place(config.bundle);
    auto const inside =
        config.loop.run.lexically_normal().lexically_relative(config.bundle.lexically_normal());
    base::validate(inside.empty() || *inside.begin() == "..", base::ExitCode::usage,
                   "--bundle '{}' is, or holds, the folder of the run: name another",
                   base::printable(config.bundle.string()));
}

void set_up(Setup& setup, comm::Communicator const& comm) {
    auto& config = setup.config;
    auto const& store = setup.data.store;
    settle_data(config, store);
    check(config.loop, comm.size());
    check(config.data);
    auto const& origin = setup.origin = origin_of(config, store, setup.begun);
    // Only the root tells of it and writes it down, so it alone loads the other split.
    if (origin && comm.is_root())
        setup.test_flows_seen = test_flows_seen(*origin, store, setup.data.split);
    auto const label_set = label_set_of(store, config.labels);
    dataset::require_held_out_of(setup.data.split, store, label_set);
    setup.task.emplace(setup.data, config, label_set);
    if (origin && comm.is_root()) warn_of_ignored_sizes(*origin, config.model.bert);
    config = resolved(config, origin, setup.task->train.samples());
    check_all(config, comm.size());
    check_bundle(config);
    setup.model = make_model(config, origin, setup.task->label_set.classes.size());
}

/// Greedy layer-wise training of the stacked auto-encoder, a run of its own for each layer.
void train_layers(comm::Communicator const& comm, Setup& setup, base::ProgressMode progress) {
    auto const stack = std::dynamic_pointer_cast<model::PacketSaeImpl>(setup.model);
    if (!stack) return;
    auto const& task = *setup.task;
    for (std::size_t depth = 0; depth < model::PacketSaeImpl::layers(); ++depth) {
        auto config = setup.config;
        config.loop.run = setup.config.loop.run / "layers" / std::to_string(depth + 1);
        if (config.layer_iters > 0) config.loop.train_iters = config.layer_iters;
        LayerCoderObjective objective(
            stack, depth, config.loop.seed, step_batches(task.train, comm, config.loop),
            held_out_batches(task.valid ? &*task.valid : nullptr, comm, config.loop));
        base::OptionTable options;
        describe(options, config);
        auto const identity =
            run_identity(fmt::format("auto-encoder layer {}", depth + 1), options, setup.data.store,
                         setup.data.split, initial_weights(setup.origin));
        Trainer trainer(comm, objective, config.loop, identity, progress);
        trainer.run();
        trainer.load_best();
        stack->take(depth, objective.coder());
    }
}

void warn_of_test_flows(Setup const& setup) {
    auto const origin = base::printable(setup.config.init);
    if (!setup.test_flows_seen) {
        base::log_warning(
            "'{}', or what it began with, learned from another store, or its store or split is "
            "gone or was made anew: whether it saw flows that are held back here, nobody can tell; "
            "`tessera audit --corpus` counts what two stores share",
            origin);
    } else if (*setup.test_flows_seen > 0) {
        base::log_warning(
            "'{}', or what it began with, has learned from {} flows that this split holds back to "
            "test on: pre-train all of them on the same --split",
            origin, *setup.test_flows_seen);
    }
}

void tell_of_repeated_positions(Setup const& setup) {
    auto const length = setup.config.data.sequence_length;
    auto const trained = setup.origin ? setup.origin->positions : length;
    if (length <= trained) return;
    base::log_info(
        "'{}' was trained on sequences of at most {} ids: positions {} to {} begin as copies of "
        "those before; pre-training on longer ones would teach them",
        base::printable(setup.config.init), trained, trained, length - 1);
}

template <class T>
void append_bytes(std::string& bytes, at::Tensor const& tensor) {
    auto const whole = tensor.contiguous();
    bytes.append(reinterpret_cast<char const*>(whole.const_data_ptr<T>()),
                 static_cast<std::size_t>(whole.numel()) * sizeof(T));
}

/// The values that all ranks appended, in order of rank.
template <class T>
std::vector<T> gathered(comm::Communicator const& comm, std::string const& own) {
    std::vector<T> all;
    for (auto const& part : comm::all_gather(comm, own)) {
        auto const begin = all.size();
        all.resize(begin + part.size() / sizeof(T));
        if (!part.empty()) std::memcpy(&all[begin], part.data(), part.size());
    }
    return all;
}

/// How sure the finished model may be, from the held-out samples. Collective.
Calibration calibration_of(comm::Communicator const& comm, Setup const& setup) {
    constexpr std::int64_t most_samples = 16'384;
    auto const& task = *setup.task;
    auto loop = setup.config.loop;
    loop.eval_iters = std::max<std::int64_t>(1, most_samples / loop.global_batch_size);
    std::string logits;
    std::string labels;
    comm::agreed(comm, [&] {
        at::NoGradGuard const no_gradients;
        setup.model->eval();
        held_out_batches(task.valid ? &*task.valid : nullptr, comm,
                         loop)([&](batch::ClassifierBatch const& batch) {
            auto const device = device_of(*setup.model);
            append_bytes<float>(logits, setup.model->logits(batch::to_device(batch, device)).cpu());
            append_bytes<std::int64_t>(labels, batch.labels);
            return true;
        });
    });
    return calibrate(gathered<float>(comm, logits), gathered<std::int64_t>(comm, labels),
                     task.label_set.classes.size());
}

}  // namespace

void finetune(comm::Communicator const& comm, FinetuneConfig const& config, TrainMode const& mode) {
    comm::Watchdog const watchdog(comm, watched(config.loop));
    comm::agreed(comm, [&] { check(config.loop, comm.size()); });
    device::give_back_freed_memory();
    device::set_threads(comm, config.loop.threads);
    auto const data = open_training_data(comm, config.loop, config.split);
    Setup setup{config, data, begun_with(comm, config.loop.run)};
    comm::agreed(comm, [&] { set_up(setup, comm); });
    auto const device = device::choose_device(comm, config.loop.device);
    if (!may_be_half(setup.config) && setup.config.loop.precision == "auto")
        setup.config.loop.precision = "fp32";
    settle_precision(comm, setup.config, device);
    setup.model->to(device);
    auto const tell = [&] {
        if (!comm.is_root()) return;
        log_data(*setup.task, setup.config);
        warn_of_test_flows(setup);
        tell_of_repeated_positions(setup);
    };
    if (mode.dry_run) return tell();
    train_layers(comm, setup, mode.progress);
    auto& final_config = setup.config;
    auto const& task = *setup.task;
    ClassifierObjective objective(
        setup.model,
        class_weights(task.train, task.label_set.classes.size(), final_config.class_weights),
        step_batches(task.train, comm, final_config.loop),
        held_out_batches(task.valid ? &*task.valid : nullptr, comm, final_config.loop));
    base::OptionTable options;
    describe(options, final_config);
    auto identity =
        run_identity("finetune", options, data.store, data.split, initial_weights(setup.origin));
    identity.origin = facts_of(setup.origin);
    Trainer trainer(comm, objective, final_config.loop, identity, mode.progress);
    keep_log(comm, final_config.loop.run);
    tell();
    trainer.run();
    trainer.load_best();
    auto const calibration = calibration_of(comm, setup);
    comm::note(comm, final_config.loop.train_iters, "write the bundle", comm::Activity::Pace::disk);
    comm::agreed(comm, [&] {
        if (!comm.is_root()) return;
        publish_bundle({.config = final_config,
                        .identity = identity,
                        .store = data.store,
                        .labels = task.label_set,
                        .calibration = calibration,
                        .state = trainer.state(),
                        .test_flows_seen = setup.test_flows_seen},
                       *setup.model);
    });
}

}  // namespace tessera::train
