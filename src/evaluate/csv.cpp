#include <fmt/format.h>

#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {

namespace {

/// A field of RFC 4180: quoted when it holds a separator, a quote or a line end.
std::string field(std::string const& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char const c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

}  // namespace

std::string predictions_csv(baseline::Predictions const& predictions) {
    std::string text = "capture,flow,label,prediction,probability\n";
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        auto const label = static_cast<std::size_t>(predictions.labels[i]);
        auto const predicted = static_cast<std::size_t>(predictions.predicted[i]);
        text += fmt::format("{},{},{},{},{}\n", field(predictions.captures[predictions.capture[i]]),
                            predictions.flow[i], field(predictions.classes[label]),
                            field(predictions.classes[predicted]), predictions.row(i)[predicted]);
    }
    return text;
}

std::string confusion_csv(std::vector<std::string> const& classes, Confusion const& confusion) {
    std::string text = "label";
    for (auto const& name : classes) text += "," + field(name);
    text += "\n";
    for (std::size_t i = 0; i < classes.size(); ++i) {
        text += field(classes[i]);
        for (std::size_t j = 0; j < classes.size(); ++j) {
            text += fmt::format(",{}", confusion.at(i, j));
        }
        text += "\n";
    }
    return text;
}

}  // namespace tessera::evaluate
