// tessera audit: what each header field alone gives away on a split, and what stands on both sides.
#include "command.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>
#include <tessera/baseline/field_grades.hpp>
#include <tessera/dataset/corpus.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/evaluate/scores.hpp>
#include <tessera/evaluate/store_facts.hpp>
#include <tessera/report/table.hpp>

namespace {

using namespace tessera;
using Json = nlohmann::ordered_json;

struct Config {
    std::string store;
    std::string split = "default";
    std::string label_set;
    std::filesystem::path corpus;
    std::string corpus_split;
    std::filesystem::path output;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("audit")
        .add("split", config.split, "split of the store")
        .add("label_set", config.label_set, "label set; empty: the first of the store's names")
        .add("corpus", config.corpus, "store that a model was pre-trained on; empty: none to check")
        .add("corpus_split", config.corpus_split,
             "its split, when only the train fold was learnt from; empty: all flows")
        .add("output", config.output, "file for the result as JSON; empty: print only");
}

/// A field with its scores on the test fold.
struct Row {
    baseline::FieldGrade grade;
    evaluate::LabelScores scores;
    double macro_f1 = 0;
};

std::vector<Row> field_rows(dataset::Store const& store, dataset::Split const& split,
                            std::size_t label_set) {
    std::vector<Row> rows;
    for (auto& grade : baseline::field_grades(store, split, label_set)) {
        base::validate(grade.predictions.size() > 0, base::ExitCode::bad_input,
                       "the test fold of split '{}' has no labelled flow", split.config.name);
        auto const scores = evaluate::grade(grade.predictions);
        rows.push_back({std::move(grade), scores.labels, scores.seen.macro.f1});
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](Row const& a, Row const& b) { return a.macro_f1 > b.macro_f1; });
    return rows;
}

report::Table field_table(std::vector<Row> const& rows) {
    report::Table table{{{"field alone", report::Align::left},
                         {"macro-F1"},
                         {"accuracy"},
                         {"train values"},
                         {"test values"},
                         {"in both"},
                         {"test flows known"}},
                        {}};
    for (auto const& [grade, scores, macro_f1] : rows) {
        table.rows.push_back(
            {grade.name, report::number(macro_f1), report::number(scores.accuracy),
             report::grouped(grade.train_values), report::grouped(grade.test_values),
             report::grouped(grade.shared_values), report::grouped(grade.known_flows)});
    }
    return table;
}

report::Table overlap_table(evaluate::SplitFacts const& facts) {
    report::Table table{{{"folds", report::Align::left},
                         {"value", report::Align::left},
                         {"in both"},
                         {"first"},
                         {"second"}},
                        {}};
    for (auto const& row : facts.audit) {
        table.rows.push_back({row.folds, row.what, report::grouped(row.shared),
                              report::grouped(row.first), report::grouped(row.second)});
    }
    return table;
}

std::optional<dataset::CorpusOverlap> corpus_overlap(Config const& config,
                                                     dataset::Store const& store,
                                                     dataset::Split const& split) {
    if (config.corpus.empty()) return std::nullopt;
    auto const corpus = dataset::open_store(config.corpus);
    std::vector<std::uint64_t> flows(corpus.flows());
    std::iota(flows.begin(), flows.end(), std::uint64_t{0});
    if (!config.corpus_split.empty()) {
        flows = dataset::load_split(corpus, config.corpus_split).flows(dataset::Fold::train);
    }
    return dataset::corpus_overlap(store, split.flows(dataset::Fold::test), corpus, flows);
}

Json to_json(evaluate::SplitFacts const& facts, std::vector<Row> const& rows,
             std::optional<dataset::CorpusOverlap> const& corpus) {
    Json json{{"split", facts.name},          {"by", facts.by},          {"overlap", Json::array()},
              {"equal_flows", Json::array()}, {"fields", Json::array()}, {"notes", facts.warnings}};
    for (auto const& row : facts.audit) {
        json["overlap"].push_back({{"folds", row.folds},
                                   {"what", row.what},
                                   {"shared", row.shared},
                                   {"in_first", row.first},
                                   {"in_second", row.second}});
    }
    for (auto const& row : facts.equal_flows) {
        json["equal_flows"].push_back({{"by", row.by},
                                       {"flows", row.flows},
                                       {"duplicates", row.duplicates},
                                       {"conflict_rate", row.conflict_rate},
                                       {"ceiling", row.ceiling}});
    }
    for (auto const& [grade, scores, macro_f1] : rows) {
        json["fields"].push_back({{"field", grade.name},
                                  {"macro_f1", macro_f1},
                                  {"accuracy", scores.accuracy},
                                  {"train_values", grade.train_values},
                                  {"test_values", grade.test_values},
                                  {"shared_values", grade.shared_values},
                                  {"test_flows", grade.predictions.size()},
                                  {"known_test_flows", grade.known_flows}});
    }
    if (corpus) {
        json["corpus"] = {{"test_flows", corpus->flows},
                          {"test_flows_in_corpus", corpus->flows_in_corpus},
                          {"test_packets", corpus->packets},
                          {"test_packets_in_corpus", corpus->packets_in_corpus}};
    }
    return json;
}

void tell(evaluate::SplitFacts const& facts, std::vector<Row> const& rows,
          std::optional<dataset::CorpusOverlap> const& corpus, std::string const& masking) {
    fmt::print("On both sides of split '{}' (by {}):\n{}\n", facts.name, facts.by,
               report::to_text(overlap_table(facts)));
    if (!facts.equal_flows.empty()) {
        fmt::print(
            "\nFlows of the store that equal an earlier one, and what that leaves to win:\n{}",
            report::to_text(evaluate::equal_flows_table(facts)));
    }
    for (auto const& note : facts.warnings) fmt::print("note: {}\n", base::printable(note));
    fmt::print("\nWhat one field says of the test fold, as masking '{}' leaves it to a model:\n{}",
               masking, report::to_text(field_table(rows)));
    if (!corpus) return;
    fmt::print("\nOf the test fold, in the pre-training corpus: {} of {} flows, {} of {} packets\n",
               report::grouped(corpus->flows_in_corpus), report::grouped(corpus->flows),
               report::grouped(corpus->packets_in_corpus), report::grouped(corpus->packets));
}

void run(Config const& config, apps::CommonConfig const& common) {
    auto const store = dataset::open_store(config.store);
    auto const split = dataset::load_split(store, config.split);
    auto const label_set = dataset::label_set_or_first(store, config.label_set);
    auto const facts = evaluate::split_facts(split);
    auto const rows = field_rows(store, split, label_set);
    auto const corpus = corpus_overlap(config, store, split);
    auto const json =
        to_json(facts, rows, corpus).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    if (!config.output.empty() && !common.dry_run) {
        base::publish(base::local_files(), config.output, json);
    }
    if (common.json) {
        fmt::print("{}", json);
        return;
    }
    tell(facts, rows, corpus, store.manifest().identity.masking);
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("audit", "what header fields alone, and what both sides, give away");
    command.offer({apps::Flag::dry_run, apps::Flag::json});
    Config config;
    describe(command.options(), config);
    command.positional("STORE", "token store with labels", config.store);
    command.examples(
        "A store made with --masking none --bytes-per-packet 600 shows every field, TLS server "
        "names too.\nexample: tessera audit store --split by-capture --corpus pretraining-store");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (comm.is_root()) run(config, command.common());
        });
        return base::ExitCode::done;
    });
}
