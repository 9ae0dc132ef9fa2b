#pragma once

#include <cstdint>
#include <vector>

#include <tessera/base/random.hpp>
#include <tessera/evaluate/report.hpp>

namespace tessera::test {

/// 120 items of three classes with hostile names, right with the given probability.
inline baseline::Predictions guesses(double right, std::uint64_t seed) {
    base::RandomStream random(seed, base::Purpose::test, 0, 0);
    baseline::Predictions all;
    all.classes = {"mail, \"web\" & <b>", "ssh", "=cmd\n"};
    all.captures = {"a.pcap", "b,c.pcap"};
    for (std::uint32_t i = 0; i < 120; ++i) {
        auto const label = i % 3;
        auto const guess = random.uniform() < right ? label : (label + 1) % 3;
        std::vector<float> row(3, 0.125F);
        row[guess] = 0.75F;
        all.add(i % 2, i, static_cast<std::int32_t>(label), row);
    }
    return all;
}

inline evaluate::Report example(double model, double control) {
    evaluate::Report report;
    report.title = "flows of <sample>";
    report.bootstrap.resamples = 200;
    report.model = evaluate::graded("model", "network", guesses(model, 1), report.bootstrap);
    report.controls.push_back(
        evaluate::graded("port_lookup", "port look-up", guesses(control, 2), report.bootstrap));
    report.split = {"default",
                    "capture",
                    {700, 100, 120},
                    {{"train-test", "server", 3, 10, 5}},
                    {"fold valid has no flow of class ssh"},
                    1};
    report.rejection = evaluate::rejection(report.model.predictions);
    report.unknown = evaluate::unknown_classes({"tor <x>"}, guesses(model, 3), guesses(control, 4));
    report.duplicates = evaluate::Duplicates{120, {12, 2}, {40, 11}, evaluate::Likes{30, 5}, {}};
    report.unseen.push_back(
        evaluate::graded("without_equal_input", "unseen", guesses(0.5, 5), report.bootstrap));
    report.companions = {{"network", "none", 1, 0.9, {0.8, 0.95}},
                         {"network", "strict & long", 0.1, 0.4, {0.3, 0.5}},
                         {"from random weights", "strict & long", 0.01, 0.2, {0.1, 0.3}}};
    report.packets = {1000, 990, {{"not_ip", 10}}};
    report.metrics = {{1, "train", {{"loss", 1.5}}}, {2, "train", {{"loss", 1.0}}}};
    report.provenance = {{"store", "abc"}, {"revision", "def"}};
    return report;
}

}  // namespace tessera::test
