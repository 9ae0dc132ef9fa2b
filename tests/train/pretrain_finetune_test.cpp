// Both commands from a store on disk to a bundle, on the ranks of the test.
#include "made_flows.hpp"
#include "origin.hpp"
#include "shared_scratch.hpp"

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/model/classifier_config.hpp>
#include <tessera/report/metrics.hpp>
#include <tessera/train/finetune.hpp>
#include <tessera/train/pretrain.hpp>

namespace tessera::train {
namespace {

namespace fs = std::filesystem;
using test::SharedScratch;

/// A flow whose bytes tell its class: every class has its own alphabet.
flow::Flow flow_of_class(base::RandomStream& random, std::int32_t label, std::uint8_t host) {
    auto flow = test::flow_between(test::endpoint_v4(host, 40'000), test::endpoint_v4(251, 443));
    base::Nanoseconds time = 0;
    for (int i = 0; i < 6; ++i) {
        std::vector<std::uint8_t> bytes(24);
        for (auto& byte : bytes)
            byte =
                static_cast<std::uint8_t>(64 * label + static_cast<std::int32_t>(random.below(4)));
        auto const back = i % 3 == 2;
        test::add_packet(flow, back ? flow::Direction::backward : flow::Direction::forward,
                         time += 1000, bytes, 100);
    }
    return flow;
}

void make_store(fs::path const& folder) {
    fs::create_directory(folder);
    std::vector<test::MadeUnit> units(3);
    for (std::size_t u = 0; u < units.size(); ++u) {
        base::RandomStream random(1, base::Purpose::test, 0, u);
        units[u].captures = {"run" + std::to_string(u) + "/a.pcap"};
        for (int f = 0; f < 60; ++f) {
            units[u].flows.push_back(
                {flow_of_class(random, f % 3, static_cast<std::uint8_t>(f + 1)), 0, {f % 3}});
        }
    }
    test::write_store(base::local_files(), folder, units, test::three_classes());
    auto const store = dataset::open_store(folder);
    auto split = dataset::make_split(store, {});
    dataset::publish_split(base::local_files(), store, split);
}

model::BertConfig tiny_model() {
    model::BertConfig model;
    model.layers = 1;
    model.hidden = 32;
    model.heads = 2;
    model.feed_forward = 64;
    model.positions = 128;
    return model;
}

PretrainConfig pretrain_config(fs::path const& folder, std::string const& run) {
    PretrainConfig config;
    config.loop.store = folder / "store";
    config.loop.run = folder / run;
    config.loop.micro_batch_size = 8;
    config.loop.global_batch_size = 32;
    config.loop.train_iters = 12;
    config.loop.lr = 1e-3;
    config.loop.log_interval = 3;
    config.loop.eval_interval = 6;
    config.loop.eval_iters = 1;
    config.loop.save_interval = 5;
    config.loop.threads = 1;
    config.model = tiny_model();
    config.data.sequence_length = 48;
    config.split = "default";
    return config;
}

FinetuneConfig finetune_config(fs::path const& folder, std::string const& init) {
    FinetuneConfig config;
    config.loop.store = folder / "store";
    config.loop.run = folder / "finetune";
    config.loop.micro_batch_size = 8;
    config.loop.global_batch_size = 16;
    config.loop.train_iters = 240;
    config.loop.lr = 1e-3;
    config.loop.eval_interval = 80;
    config.loop.threads = 1;
    config.init = init;
    config.model.bert = tiny_model();
    config.data.sequence_length = 128;
    config.class_weights = "balanced";
    config.data.inputs = "tokens";  // sizes tell nothing here
    config.loop.precision = "fp32";
    return config;
}

class Training : public testing::Test {
  protected:
    Training() {
        comm::agreed(folder.comm, [&] {
            if (folder.comm.is_root()) make_store(folder.path / "store");
        });
    }
    SharedScratch folder;
};

std::vector<report::MetricRow> metrics(fs::path const& run) {
    return report::read_metrics(base::read_text(run / "metrics.jsonl"));
}

TEST_F(Training, PretrainingLearnsAndIsTheSameOnOneRankAndMany) {
    pretrain(folder.comm, pretrain_config(folder.path, "many"), {});
    if (!folder.comm.is_root()) return;
    pretrain({}, pretrain_config(folder.path, "one"), {});
    auto const many = checkpoint::open_checkpoint(folder.path / "many/checkpoints/step-12");
    auto const one = checkpoint::open_checkpoint(folder.path / "one/checkpoints/step-12");
    EXPECT_EQ(many.model.checksum(), one.model.checksum());
    EXPECT_EQ(many.optimizer.checksum(), one.optimizer.checksum());

    auto const rows = metrics(folder.path / "many");
    ASSERT_EQ(rows.size(), 6U);  // steps 3, 6, 9, 12 and two validations
    for (auto const* name :
         {"loss", "mlm_loss", "mlm_accuracy", "sop_loss", "sop_accuracy", "lr", "grad_norm",
          "sequences_per_second", "tokens_per_second", "elapsed_seconds"}) {
        EXPECT_TRUE(rows.front().value(name)) << name;
    }
    EXPECT_EQ(rows.back().split, "valid");
    EXPECT_LT(*rows[4].value("mlm_loss"), *rows[0].value("mlm_loss") - 0.05);
}

TEST_F(Training, ADryRunReadsEverythingAndWritesNothing) {
    auto config = pretrain_config(folder.path, "planned");
    pretrain(folder.comm, config, {.dry_run = true});
    finetune(folder.comm, finetune_config(folder.path, "none"), {.dry_run = true});
    EXPECT_FALSE(fs::exists(folder.path / "planned"));
    EXPECT_FALSE(fs::exists(folder.path / "finetune"));
    config.model.vocabulary = 100;
    EXPECT_THROW(pretrain(folder.comm, config, {.dry_run = true}), comm::AgreedError);
}

/// The way of GPUs, on the CPU: LibTorch's operators, dropout from its generator.
class LibraryTraining : public Training, public testing::WithParamInterface<char const*> {};

TEST_P(LibraryTraining, LearnsGoesOnAndIsTheSameOnOneRankAndMany) {
    auto const config = [&](std::string const& run) {
        auto made = pretrain_config(folder.path, run);
        made.kernels = "library";
        made.loop.precision = GetParam();
        return made;
    };
    pretrain(folder.comm, config("many"), {});
    if (!folder.comm.is_root()) return;
    pretrain({}, config("one"), {});
    auto const weights = [&](std::string const& run) {
        auto const last = checkpoint::open_checkpoint(folder.path / run / "checkpoints/step-12");
        return last.model.checksum() + last.optimizer.checksum();
    };
    auto const undisturbed = weights("one");
    EXPECT_EQ(weights("many"), undisturbed);
    // As if killed after step 10.
    fs::remove_all(folder.path / "one/checkpoints/step-12");
    fs::remove(folder.path / "one/DONE");
    auto resumed = config("one");
    resumed.loop.precision = "auto";  // a run that goes on keeps its own
    pretrain({}, resumed, {});
    EXPECT_EQ(weights("one"), undisturbed);
    auto const rows = metrics(folder.path / "many");
    EXPECT_LT(*rows[4].value("mlm_loss"), *rows[0].value("mlm_loss") - 0.05);
}

INSTANTIATE_TEST_SUITE_P(Types, LibraryTraining, testing::Values("fp32", "bf16"));

at::Tensor positions_in(fs::path const& bundle) {
    return checkpoint::open_bundle(bundle).weights.read("encoder.embedding.position");
}

TEST_F(Training, PositionsBehindThoseThatWerePretrainedBeginAsCopies) {
    pretrain(folder.comm, pretrain_config(folder.path, "origin"), {});  // on 48 ids
    auto config = finetune_config(folder.path, folder.path / "origin");
    config.loop.train_iters = 1;
    config.freeze_encoder = true;
    finetune(folder.comm, config, {});
    auto const table = positions_in(folder.path / "finetune/bundle");
    auto const trained = table.narrow(0, 0, 48);
    EXPECT_TRUE(table.narrow(0, 48, 48).equal(trained));
    EXPECT_TRUE(table.narrow(0, 96, 32).equal(trained.narrow(0, 0, 32)));
}

TEST_F(Training, FineTuningWritesABundleThatTellsTheClassesApart) {
    pretrain(folder.comm, pretrain_config(folder.path, "run"), {});
    auto const config = finetune_config(folder.path, (folder.path / "run").string());
    finetune(folder.comm, config, {});
    finetune(folder.comm, config, {});  // complete: writes the bundle again
    if (!folder.comm.is_root()) return;
    auto const bundle = checkpoint::open_bundle(folder.path / "finetune/bundle");
    EXPECT_EQ(bundle.info.classes, (std::vector<std::string>{"mail", "shell", "web"}));
    EXPECT_EQ(bundle.info.task, "flow");
    EXPECT_TRUE(bundle.weights.contains("encoder.layer0.qkv.weight"));
    model::ClassifierConfig model;
    base::OptionTable options;
    describe(options, model);
    base::read_config_file(options, bundle.model_file());
    EXPECT_EQ(model.bert.hidden, 32);
    auto const rows = metrics(config.loop.run);
    EXPECT_EQ(rows.back().split, "valid");
    EXPECT_GT(*rows.back().value("macro_f1"), 0.95)
        << base::read_text(config.loop.run / "metrics.csv");
}

TEST_F(Training, AFlowModelIsTheSameOnOneRankAndMany) {
    auto config = finetune_config(folder.path, "none");
    config.data.inputs = "both";
    config.loop.train_iters = 4;
    config.loop.run = folder.path / "many";
    finetune(folder.comm, config, {});
    if (!folder.comm.is_root()) return;
    config.loop.run = folder.path / "one";
    finetune({}, config, {});
    auto const many = checkpoint::open_bundle(folder.path / "many/bundle");
    auto const one = checkpoint::open_bundle(folder.path / "one/bundle");
    EXPECT_TRUE(one.weights.contains("packets.convolution1.weight"));
    EXPECT_EQ(many.weights.checksum(), one.weights.checksum());
}

TEST_F(Training, FineTuningInAHalfTypeLeavesABundleInFloat32) {
    auto config = finetune_config(folder.path, "none");
    config.loop.precision = "bf16";
    config.loop.train_iters = 4;
    finetune(folder.comm, config, {});
    config.data.inputs = "both";
    config.loop.run = folder.path / "refused";
    EXPECT_THROW(finetune(folder.comm, config, {}), comm::AgreedError);
    if (!folder.comm.is_root()) return;
    auto const bundle = checkpoint::open_bundle(folder.path / "finetune/bundle");
    auto const weight = bundle.weights.read("encoder.layer0.qkv.weight");
    EXPECT_EQ(weight.scalar_type(), at::kFloat);
    EXPECT_FALSE(at::equal(weight, weight.to(at::kBFloat16).to(at::kFloat)));  // the masters
}

TEST_F(Training, ABundleIsAnOriginToo) {
    auto config = finetune_config(folder.path, "none");
    config.loop.train_iters = 2;
    finetune(folder.comm, config, {});
    auto next = finetune_config(folder.path, (folder.path / "finetune/bundle").string());
    next.loop.run = folder.path / "second";
    next.loop.train_iters = 2;
    next.freeze_encoder = true;
    finetune(folder.comm, next, {});
    if (!folder.comm.is_root()) return;
    auto const first = checkpoint::open_bundle(folder.path / "finetune/bundle");
    auto const second = checkpoint::open_bundle(folder.path / "second/bundle");
    EXPECT_TRUE(at::equal(first.weights.read("encoder.layer0.qkv.weight"),
                          second.weights.read("encoder.layer0.qkv.weight")));
    EXPECT_FALSE(
        at::equal(first.weights.read("head.pool.weight"), second.weights.read("head.pool.weight")));
}

/// The run as if it had been killed after `step`, of those after which it saved.
void cut_off(fs::path const& run, std::int64_t step) {
    for (auto const& item : fs::directory_iterator(run / "checkpoints")) {
        if (std::stoll(item.path().filename().string().substr(5)) > step) fs::remove_all(item);
    }
    fs::remove(run / "DONE");
    fs::remove_all(run / "bundle");
}

TEST_F(Training, ARunGoesOnThoughWhatItBeganWithIsGone) {
    auto first = pretrain_config(folder.path, "first");
    first.loop.train_iters = 2;
    auto further = pretrain_config(folder.path, "further");
    further.init_from = folder.path / "first";
    auto tuned = finetune_config(folder.path, folder.path / "first");
    tuned.loop.train_iters = 4;
    tuned.loop.save_interval = 2;
    tuned.loop.eval_interval = 0;
    tuned.model.bert.layers = 3;  // not heeded: the origin has one
    pretrain(folder.comm, first, {});
    pretrain(folder.comm, further, {});
    finetune(folder.comm, tuned, {});
    if (!folder.comm.is_root()) return;
    auto const weights = [&] {
        auto const bundle = checkpoint::open_bundle(tuned.loop.run / "bundle");
        auto const last = checkpoint::open_checkpoint(further.loop.run / "checkpoints/step-12");
        return bundle.weights.checksum() + last.model.checksum() +
               bundle.info.provenance.at("init_saw_test_flows");
    };
    auto const undisturbed = weights();
    fs::remove_all(folder.path / "first");
    cut_off(tuned.loop.run, 2);
    cut_off(further.loop.run, 10);
    tuned.init = folder.path / "elsewhere/../first/";  // another name of the same folder
    pretrain({}, further, {});
    finetune({}, tuned, {});
    EXPECT_EQ(weights(), undisturbed);
    tuned.init = folder.path / "another";
    EXPECT_THROW(finetune({}, tuned, {}), comm::AgreedError);
}

TEST_F(Training, WhatAnotherStoreTaughtIsNotKnown) {
    auto config = pretrain_config(folder.path, "run");
    config.loop.train_iters = 2;
    pretrain(folder.comm, config, {});
    if (!folder.comm.is_root()) return;
    auto const store = dataset::open_store(folder.path / "store");
    auto const split = dataset::load_split(store, "default");
    auto origin = open_origin(folder.path / "run");
    EXPECT_EQ(test_flows_seen(origin, store, split), 0U);
    origin.store = "checksum of the store before it was made anew";
    EXPECT_EQ(test_flows_seen(origin, store, split), std::nullopt);
}

TEST_F(Training, WhatAChainOfPretrainingsSawIsCounted) {
    comm::agreed(folder.comm, [&] {
        if (!folder.comm.is_root()) return;
        auto const store = dataset::open_store(folder.path / "store");
        auto split = dataset::make_split(store, {.name = "other", .seed = 7});
        dataset::publish_split(base::local_files(), store, split);
    });
    auto first = pretrain_config(folder.path, "first");
    first.loop.train_iters = 2;
    first.split = "other";
    auto second = pretrain_config(folder.path, "second");
    second.loop.train_iters = 2;
    second.init_from = folder.path / "first";
    auto third = second;
    third.loop.run = folder.path / "third";
    third.init_from = folder.path / "second";
    pretrain(folder.comm, first, {});
    pretrain(folder.comm, second, {});
    pretrain(folder.comm, third, {});
    if (!folder.comm.is_root()) return;
    auto const store = dataset::open_store(folder.path / "store");
    auto const split = dataset::load_split(store, "default");
    auto const by_first = test_flows_seen(open_origin(folder.path / "first"), store, split);
    ASSERT_GT(by_first.value_or(0), 0U);
    auto chained = open_origin(folder.path / "third");  // which saw none itself
    EXPECT_EQ(test_flows_seen(chained, store, split), by_first);
    auto elsewhere = *chained.before;
    elsewhere.store = "checksum of another store";
    chained.before = std::make_shared<Origin const>(elsewhere);
    EXPECT_EQ(test_flows_seen(chained, store, split), std::nullopt);
}

TEST_F(Training, AChangedSettingIsRefusedByName) {
    auto config = pretrain_config(folder.path, "run");
    config.loop.train_iters = 2;
    pretrain(folder.comm, config, {});
    config.data.masking.share = 0.2;
    try {
        pretrain(folder.comm, config, {});
        FAIL() << "went on";
    } catch (comm::AgreedError const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("0.15"), std::string::npos) << error.what();
    }
}

TEST_F(Training, SettingsThatCannotBeAreRefusedTogether) {
    auto config = pretrain_config(folder.path, "run");
    config.loop.micro_batch_size = 5;
    config.loop.keep_last = 1;
    try {
        pretrain(folder.comm, config, {});
        FAIL() << "began";
    } catch (comm::AgreedError const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("multiple of micro_batch_size"),
                  std::string::npos);
        EXPECT_NE(std::string(error.what()).find("keep_last"), std::string::npos);
    }
}

}  // namespace
}  // namespace tessera::train
