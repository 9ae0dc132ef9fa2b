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
                    {"fold valid has no flow of class ssh"}};
    report.packets = {1000, 990, {{"not_ip", 10}}};
    report.metrics = {{1, "train", {{"loss", 1.5}}}, {2, "train", {{"loss", 1.0}}}};
    report.provenance = {{"store", "abc"}, {"revision", "def"}};
    return report;
}

}  // namespace tessera::test
