#include <nlohmann/json.hpp>

#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(Interval const& range) {
    return Json::array({range.low, range.high});
}

Json scores_json(Scores const& scores) {
    Json json = Json::object();
    for (auto const& [name, value] : named_scores(scores)) json[name] = value;
    return json;
}

Json intervals_json(Graded const& graded) {
    Json json = Json::object();
    for (auto const& [name, value] : named_scores(graded.scores)) {
        auto const at = graded.intervals.find(name);
        if (at != graded.intervals.end()) json[name] = to_json(at->second);
    }
    return json;
}

Json per_class_json(Graded const& graded) {
    Json json = Json::object();
    for (auto const& score : graded.scores.all.per_class) {
        json[graded.predictions.classes[score.label]] = {
            {"precision", score.rates.precision},
            {"recall", score.rates.recall},
            {"f1", score.rates.f1},
            {"f1_interval", to_json(graded.class_f1[score.label])},
            {"support", score.support},
            {"predicted", score.predicted}};
    }
    return json;
}

Json confusion_json(Confusion const& confusion) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < confusion.classes(); ++i) {
        Json row = Json::array();
        for (std::size_t j = 0; j < confusion.classes(); ++j) row.push_back(confusion.at(i, j));
        rows.push_back(std::move(row));
    }
    return rows;
}

Json calibration_json(ProbabilityScores const& scores) {
    Json bins = Json::array();
    for (std::size_t i = 0; i < scores.calibration.size(); ++i) {
        auto const& bin = scores.calibration[i];
        auto const edge = [](std::size_t at) { return static_cast<double>(at) / calibration_bins; };
        bins.push_back({{"above", edge(i)},
                        {"up_to", edge(i + 1)},
                        {"items", bin.items},
                        {"confidence", bin.confidence},
                        {"accuracy", bin.accuracy}});
    }
    return bins;
}

Json bootstrap_json(BootstrapConfig const& config) {
    return {{"method", "percentile"},
            {"resamples", config.resamples},
            {"cluster", name(config.cluster)},
            {"level", config.level},
            {"seed", config.seed}};
}

void add_controls(Json& json, Report const& report) {
    json["baselines"] = Json::object();
    json["baseline_intervals"] = Json::object();
    json["lead_in_macro_f1"] = Json::object();
    for (auto const& control : report.controls) {
        json["baselines"][control.name] = scores_json(control.scores);
        json["baseline_intervals"][control.name] = intervals_json(control);
        auto const lead = lead_over(report.model, control, report.bootstrap.level);
        json["lead_in_macro_f1"][control.name] = {{"difference", lead.difference},
                                                  {"interval", to_json(lead.interval)}};
    }
}

Json split_json(SplitFacts const& split) {
    Json audit = Json::array();
    for (auto const& row : split.audit) {
        audit.push_back({{"folds", row.folds},
                         {"what", row.what},
                         {"shared", row.shared},
                         {"in_first", row.first},
                         {"in_second", row.second}});
    }
    Json cleaning = Json::array();
    for (auto const& row : split.cleaning) {
        cleaning.push_back(
            {{"stage", row.stage}, {"flows_in", row.flows_in}, {"flows_out", row.flows_out}});
    }
    Json equal = Json::array();
    for (auto const& row : split.equal_flows) {
        equal.push_back({{"by", row.by},
                         {"flows", row.flows},
                         {"duplicates", row.duplicates},
                         {"conflict_rate", row.conflict_rate},
                         {"ceiling", row.ceiling}});
    }
    return {
        {"name", split.name},
        {"by", split.by},
        {"label_share", split.label_share},
        {"flows", {{"train", split.flows[0]}, {"valid", split.flows[1]}, {"test", split.flows[2]}}},
        {"cleaning", cleaning},
        {"equal_flows", equal},
        {"audit", audit},
        {"warnings", split.warnings}};
}

Json rejection_json(Rejection const& rejection) {
    Json curve = Json::array();
    for (auto const& point : rejection.curve) {
        curve.push_back({{"threshold", point.threshold},
                         {"coverage", point.coverage},
                         {"accuracy", point.accuracy}});
    }
    return {{"auroc_of_errors", rejection.auroc_of_errors}, {"curve", curve}};
}

Json unknown_json(UnknownClasses const& unknown) {
    return {{"classes", unknown.classes},
            {"known_items", unknown.known_items},
            {"unknown_items", unknown.unknown_items},
            {"auroc", unknown.auroc},
            {"false_positives_at_95", unknown.false_positives_at_95}};
}

Json duplicates_json(Report const& report) {
    auto const likes = [](Likes const& found) {
        return Json{{"flows", found.flows}, {"of_another_class", found.of_another_class}};
    };
    Json json{{"test_flows", report.duplicates->test_flows},
              {"equal_tokens", likes(report.duplicates->tokens)},
              {"equal_sizes", likes(report.duplicates->sizes)}};
    if (report.duplicates->input) json["equal_input"] = likes(*report.duplicates->input);
    for (auto const& rest : report.unseen) {
        json[rest.name] = scores_json(rest.scores);
        json[rest.name]["items"] = rest.scores.items;
        json[rest.name]["intervals"] = intervals_json(rest);
    }
    return json;
}

Json companions_json(std::vector<Companion> const& companions) {
    Json list = Json::array();
    for (auto const& run : companions) {
        list.push_back({{"name", run.name},
                        {"masking", run.masking},
                        {"label_share", run.label_share},
                        {"macro_f1", run.macro_f1},
                        {"interval", to_json(run.interval)}});
    }
    return list;
}

}  // namespace

std::string report_json(Report const& report) {
    auto const& model = report.model;
    Json json = {{"format", "tessera-report"}, {"version", 1},
                 {"title", report.title},      {"headline", headline(report).text},
                 {"item", report.item},        {"items", model.scores.items}};
    json.update(scores_json(model.scores));
    if (report.subject == Subject::controls) json["strongest_control"] = model.name;
    json["intervals"] = intervals_json(model);
    json["bootstrap"] = bootstrap_json(report.bootstrap);
    json["classes"] = model.predictions.classes;
    json["per_class"] = per_class_json(model);
    json["confusion"] = confusion_json(model.scores.confusion);
    json["top_k"] = model.scores.probabilities.top_k;
    json["calibration"] = calibration_json(model.scores.probabilities);
    for (auto const& votes : report.votes) {
        json["votes_per_flow"] = scores_json(votes.scores);
        json["votes_per_flow"]["intervals"] = intervals_json(votes);
    }
    json["rejection"] = rejection_json(report.rejection);
    if (report.unknown) json["unknown_classes"] = unknown_json(*report.unknown);
    if (report.duplicates) json["duplicates"] = duplicates_json(report);
    json["beside"] = companions_json(report.companions);
    json["notes"] = report.notes;
    add_controls(json, report);
    json["split"] = split_json(report.split);
    json["packets"] = {{"read", report.packets.read},
                       {"kept", report.packets.kept},
                       {"dropped", report.packets.dropped}};
    json["provenance"] = Json::object();
    for (auto const& [key, value] : report.provenance) json["provenance"][key] = value;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tessera::evaluate
