# SPDX-License-Identifier: Apache-2.0
"""Reads bodies of OTLP/HTTP JSON, one file each, as a collector does: by the official protocol definitions. Exits 1 with the reason when one is none.

usage: otlp_check.py FILE..., by a Python that has opentelemetry-proto (MLflow brings it)"""
import base64
import json
import pathlib
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ID_BYTES = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


def as_bytes(name, digits):
    """Ids are hex in OTLP, where the JSON of protocol buffers has base64."""
    raw = bytes.fromhex(digits)
    assert len(raw) == ID_BYTES[name] and any(raw) and digits == digits.lower(), f"{name}: {digits}"
    return base64.b64encode(raw).decode()


def check(body):
    root = json.loads(body)
    for resource in root["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            scope.pop("stewardSpansLeftOut", None)  # Receivers pass over what they do not know.
            for span in scope["spans"]:
                span.update({name: as_bytes(name, span[name]) for name in ID_BYTES if name in span})
    request = json_format.Parse(json.dumps(root), ExportTraceServiceRequest())
    spans = [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]
    known = {span.span_id for span in spans}
    assert spans and len(known) == len(spans), "no spans, or two of one id"
    assert len({span.trace_id for span in spans}) == 1, "more than one trace"
    assert [span.name for span in spans if not span.parent_span_id] == [spans[0].name], "not one root, and first"
    for span in spans:
        assert span.name and 0 < span.start_time_unix_nano <= span.end_time_unix_nano, f"times of {span.name}"
        assert not span.parent_span_id or span.parent_span_id in known, f"the parent of {span.name} is not there"
    return len(spans)


def main():
    n_spans = 0
    for name in sys.argv[1:]:
        try:
            n_spans += check(pathlib.Path(name).read_bytes())
        except (AssertionError, KeyError, ValueError, json_format.ParseError) as problem:
            print(f"{name}: {problem!r}")
            return 1
    print(f"{n_spans} spans")
    return 0


if __name__ == "__main__":
    sys.exit(main())
