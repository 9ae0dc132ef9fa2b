#include <fmt/format.h>

#include <tessera/evaluate/store_facts.hpp>

namespace tessera::evaluate {

namespace {

void add_pair(SplitFacts& facts, dataset::PairAudit const& pair) {
    auto const folds = fmt::format("{}-{}", name(pair.first), name(pair.second));
    auto const add = [&](char const* what, dataset::Overlap const& overlap) {
        facts.audit.push_back({folds, what, overlap.shared, overlap.first, overlap.second});
    };
    add("flow (5-tuple in one capture)", pair.flows);
    add("5-tuple, any capture", pair.five_tuples);
    add("capture", pair.captures);
    add("server (address and port)", pair.servers);
    add("client address", pair.clients);
    add("flow of equal tokens", pair.flow_tokens);
    add("flow of equal packet sizes", pair.sequences);
    add("packet of equal tokens", pair.packet_tokens);
}

std::string to_text(dataset::MissingClass const& missing, dataset::SplitBy by) {
    auto text =
        fmt::format("The {} fold has no flow of class {}", name(missing.fold), missing.class_name);
    if (missing.groups > 0) {
        text += fmt::format(": the whole store has it in {} {}{}", missing.groups, name(by),
                            missing.groups == 1 ? "" : "s");
    }
    return text + ".";
}

}  // namespace

SplitFacts split_facts(dataset::Split const& split) {
    SplitFacts facts;
    facts.name = split.config.name;
    facts.by = name(split.by);
    facts.label_share = split.config.label_share;
    facts.is_leaky = split.by == dataset::SplitBy::leaky_legacy;
    for (std::size_t i = 0; i < facts.flows.size(); ++i) facts.flows[i] = split.counts[i];
    for (auto const& pair : split.audit.pairs) add_pair(facts, pair);
    for (auto const& missing : split.missing) {
        facts.warnings.push_back(to_text(missing, split.by));
    }
    for (auto const& stage : split.cleaned) {
        facts.cleaning.push_back({stage.name, stage.flows_in, stage.flows_out});
    }
    for (auto const& kind : split.duplicates) {
        facts.equal_flows.push_back(
            {name(kind.alike), kind.flows, kind.duplicates, kind.conflict_rate(), kind.ceiling()});
    }
    if (split.audit.sampled > 1) {
        facts.warnings.push_back(fmt::format(
            "The audit of both sides looked at one value in {}, by hash.", split.audit.sampled));
    }
    return facts;
}

report::Table equal_flows_table(SplitFacts const& facts) {
    using report::Align;
    report::Table table{{{"equal by", Align::left},
                         {"flows"},
                         {"duplicates"},
                         {"label conflict"},
                         {"best accuracy"}},
                        {}};
    for (auto const& row : facts.equal_flows) {
        table.rows.push_back({row.by, report::grouped(row.flows), report::grouped(row.duplicates),
                              fmt::format("{:.2f} %", 100 * row.conflict_rate),
                              fmt::format("{:.2f} %", 100 * row.ceiling)});
    }
    return table;
}

PacketCounts packet_counts(dataset::Manifest const& manifest) {
    return {manifest.packets_read, manifest.packets_kept, manifest.packets_dropped};
}

}  // namespace tessera::evaluate
