#include "question.hpp"

#include <map>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/baseline/predictions.hpp>
#include <tessera/capture/filter.hpp>
#include <tessera/classify/classifier.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::classify {

/// Frames to packets to flows to questions to answers.
class Classifier::Pipeline {
  public:
    Pipeline(TrainedModel& model, ClassifyConfig const& config, AnswerSink sink)
        : model_(model),
          batch_size_(static_cast<std::size_t>(config.batch_size)),
          sink_(std::move(sink)),
          cutter_(model.reading().token),
          tokenizer_(model.reading().token),
          table_(model.reading().flow, [this](flow::Flow const& flow) { ask(flow); }) {
        base::validate(config.batch_size > 0, base::ExitCode::usage,
                       "classify.batch_size = {} must be above 0", config.batch_size);
    }

    void read(capture::CaptureFile const& file) {
        capture_ = file.name;
        try {
            auto const reader = capture::open_capture(file.path, model_.reading().capture);
            packet::Frame frame;
            while (reader->next(frame)) take(frame);
            if (auto const& fault = reader->fault()) {
                counts_.faults.push_back(
                    fmt::format("'{}': {}", base::printable(file.name), capture::to_text(*fault)));
            }
            ++counts_.captures;
        } catch (base::Error const& error) {
            if (error.code() != base::ExitCode::bad_input) throw;
            counts_.faults.emplace_back(error.what());
        }
        table_.finish();
        answer_all();
    }

    ClassifyCounts const& counts() const { return counts_; }

  private:
    void take(packet::Frame const& frame) {
        ++counts_.packets_read;
        if (filtered_out(frame)) return counts_.dropped.add(packet::Drop::filtered);
        auto const decoded = packet::decode(frame);
        if (auto const* drop = std::get_if<packet::Drop>(&decoded)) {
            return counts_.dropped.add(*drop);
        }
        ++counts_.packets_kept;
        auto const& packet = std::get<packet::Packet>(decoded);
        table_.add(packet, cutter_.cut(packet));
    }

    // A filter is compiled for one link type: a capture may hold several.
    bool filtered_out(packet::Frame const& frame) {
        auto const& expression = model_.reading().filter;
        if (expression.empty()) return false;
        auto found = filters_.find(frame.link);
        if (found == filters_.end()) {
            found = filters_.emplace(frame.link, capture::Filter(expression, frame.link)).first;
        }
        return !found->second.matches(frame);
    }

    void ask(flow::Flow const& flow) {
        ++counts_.flows;
        auto questions = questions_of(flow, capture_, tokenizer_, model_.data());
        if (questions.empty()) ++counts_.silent_flows;
        for (auto& question : questions) {
            waiting_.push_back(std::move(question));
            if (waiting_.size() == batch_size_) answer_all();
        }
    }

    void answer_all() {
        if (waiting_.empty()) return;
        std::vector<batch::ClassifierSample> samples;
        for (auto& question : waiting_) samples.push_back(std::move(question.sample));
        auto const shares = model_.probabilities(batch::collate(samples, model_.data()));
        auto const classes = model_.classes().size();
        for (std::size_t i = 0; i < waiting_.size(); ++i) {
            auto const row = std::span(shares).subspan(i * classes, classes);
            auto const best = static_cast<std::size_t>(baseline::most_likely(row));
            waiting_[i].answer.class_name = model_.classes()[best];
            waiting_[i].answer.probability = static_cast<double>(row[best]);
            sink_(waiting_[i].answer);
        }
        counts_.answers += waiting_.size();
        waiting_.clear();
    }

    TrainedModel& model_;
    std::size_t batch_size_;
    AnswerSink sink_;
    token::PacketCutter cutter_;
    token::Tokenizer tokenizer_;
    flow::FlowTable table_;
    std::map<packet::LinkType, capture::Filter> filters_;
    std::string capture_;
    std::vector<Question> waiting_;
    ClassifyCounts counts_;
};

void describe(base::OptionTable& options, ClassifyConfig& config) {
    options.section("classify").add("batch_size", config.batch_size, "sequences a model call");
}

Classifier::Classifier(TrainedModel& model, ClassifyConfig const& config, AnswerSink sink)
    : pipeline_(std::make_unique<Pipeline>(model, config, std::move(sink))) {}

Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

void Classifier::read(capture::CaptureFile const& file) {
    pipeline_->read(file);
}

ClassifyCounts const& Classifier::counts() const {
    return pipeline_->counts();
}

}  // namespace tessera::classify
