//! smoluchowski
