"""Writes goldens/tool-templates.json: what Hugging Face Transformers makes of the templates with tools.

Run: python test/parity/make_tool_goldens.py
"""

import json
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import transformers
from transformers.utils import chat_template_utils
from transformers.utils.chat_template_utils import render_jinja_template

HERE = Path(__file__).parent
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "It's the weather in a \"city\", é",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Where:\n<b>&amp;</b>"},
                "days": {"type": "integer", "default": 1},
                "exact": {"type": "boolean", "default": True},
                "near": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
            },
            "required": ["city"],
        },
    },
}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2, "exact": False}},
}
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How is the weather?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "rain", "tool_call_id": "call_1", "name": "get_weather"},
]
TOKENS = {
    "qwen2.5": {},
    "qwen3": {},
    "llama-3.2": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
    "smollm3": {},
}


class Noon(datetime):
    @classmethod
    def now(cls, *_):
        return cls(2026, 1, 5, 12)


def main():
    rendered = {}
    for name, tokens in TOKENS.items():
        source = (HERE.parent / "tool-templates" / f"{name}.jinja").read_text()
        tools = {"xml_tools": [TOOL]} if name == "smollm3" else {}
        with patch.object(chat_template_utils, "datetime", Noon):
            texts, _ = render_jinja_template(
                [MESSAGES],
                tools=None if name == "smollm3" else [TOOL],
                chat_template=source,
                add_generation_prompt=True,
                **tools,
                **tokens,
            )
        rendered[name] = texts[0]
    result = {
        "transformers": transformers.__version__,
        "tool": TOOL,
        "messages": MESSAGES,
        "rendered": rendered,
    }
    path = HERE / "goldens" / "tool-templates.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")


main()
