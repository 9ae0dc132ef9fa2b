#pragma once

#include <safetensors_fixture.hpp>

#include <tessera/baseline/predictions.hpp>

namespace tessera::test {

/// Hand-made predictions without probabilities of note: the predicted class has 1.
inline baseline::Predictions decided(std::size_t classes, std::vector<std::int32_t> const& labels,
                                     std::vector<std::int32_t> const& predicted) {
    baseline::Predictions all;
    for (std::size_t i = 0; i < classes; ++i) all.classes.push_back("class" + std::to_string(i));
    all.captures = {"one.pcap"};
    for (std::size_t i = 0; i < labels.size(); ++i) {
        std::vector<float> row(classes, 0);
        row[static_cast<std::size_t>(predicted[i])] = 1;
        all.add(0, i, labels[i], row);
    }
    return all;
}

/// A set of the shared reference tensors.
inline baseline::Predictions reference_set(SafetensorsFixture const& file, std::string const& set) {
    auto const labels = file.integers(set + ".labels");
    auto const probabilities = file.floats(set + ".probs");
    auto const classes = static_cast<std::size_t>(file.shape(set + ".probs").at(1));
    baseline::Predictions all;
    for (std::size_t i = 0; i < classes; ++i) all.classes.push_back("class" + std::to_string(i));
    all.captures = {"one.pcap"};
    for (std::size_t i = 0; i < labels.size(); ++i) {
        all.add(0, i, static_cast<std::int32_t>(labels[i]),
                std::span(probabilities).subspan(i * classes, classes));
    }
    return all;
}

}  // namespace tessera::test
