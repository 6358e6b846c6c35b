"""Faults planted in copies of a backend, to know that the suite can fail.

A suite that passes everything proves nothing. Each fault here is one that engines have had; each
has to be caught by a case of the suite that the sound copy passes.
"""
